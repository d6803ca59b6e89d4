// Keeps a dashboard up to date: by the hub's WebSocket, or by asking while there is none. The badge always says which.
import { board } from "./page.js";
import { clock } from "./words.js";

const ASK_EVERY_MS = 15000;
const RETRY_MS = [500, 1000, 2000, 4000, 8000];
// The hub speaks every second or so; this long without a word, it is asked for one.
const SILENT_MS = 20000;
const badge = document.getElementById("live");
const TITLES = {
  connecting: "Waiting for the first answer",
  live: "Over a WebSocket, as it happens",
  asking: "There is no WebSocket; the page asks every 15 seconds",
  lost: "The platform does not answer; what you see may be out of date",
  ended: "Your session has ended or your rights have changed; sign in again",
};

export class Live {
  // whole(figures): everything, asked for. initial(data), update(data): of the channel. refreshMs: how often to ask while live.
  constructor({ whole, initial = () => {}, update = () => {}, refreshMs = 30000 }) {
    Object.assign(this, { whole, initial, update, refreshMs });
    this.channel = board.dataset.channel;
    this.failures = 0;
    this.sequence = null;
    this.askedAt = Date.now();
    this.heardAt = Date.now();
    this.isConfirmed = false;
  }

  start() {
    if (this.channel) this.connect();
    setInterval(() => this.tick(), 1000);
    document.addEventListener("visibilitychange", () => document.hidden || this.tick());
    this.show();
  }

  connect() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/ws/analytics`);
    this.socket = socket;
    socket.onmessage = (event) => this.hear(JSON.parse(event.data));
    socket.onclose = (event) => this.lost(event.code);
  }

  hear(frame) {
    this.heardAt = Date.now();
    if (frame.type === "connection_established") this.subscribe();
    if (frame.type === "error") this.isRefused = true;
    if (frame.type === "initial_data") {
      this.failures = 0;
      this.isConfirmed = true;
      this.sequence = frame.sequence;
      this.initial(frame.data);
    }
    if (frame.type === "update") {
      // A gap: something was lost, and the snapshot mends it.
      if (frame.sequence !== this.sequence + 1) this.subscribe();
      this.sequence = frame.sequence;
      this.update(frame.data);
    }
    this.show();
  }

  subscribe() {
    this.socket.send(JSON.stringify({ type: "subscribe", channel: this.channel }));
  }

  lost(code) {
    this.socket = null;
    this.isConfirmed = false;
    if (code === 4401 || code === 4403) this.isRefused = true;
    const wait = RETRY_MS[Math.min(this.failures, RETRY_MS.length - 1)];
    this.failures += 1;
    if (!this.isRefused) setTimeout(() => this.socket || this.connect(), wait * (0.75 + Math.random() / 2));
    this.show();
  }

  get isLive() {
    return this.isConfirmed && this.socket?.readyState === WebSocket.OPEN;
  }

  tick() {
    if (this.hasEnded) return;
    const silent = Date.now() - this.heardAt;
    if (this.isLive && silent > SILENT_MS) {
      if (silent > 2 * SILENT_MS) this.socket.close();
      else if (!this.pinged) this.socket.send('{"type":"ping"}');
      this.pinged = true;
    } else {
      this.pinged = false;
    }
    const pause = this.isLive ? this.refreshMs : ASK_EVERY_MS;
    if (!document.hidden && Date.now() - this.askedAt >= pause) this.ask();
    this.show();
  }

  // Asks at once, or as soon as it may again, for everything.
  async ask() {
    if (this.asking) return;
    this.asking = true;
    this.askedAt = Date.now();
    try {
      const response = await fetch(board.dataset.address, { headers: { Accept: "application/json" }, credentials: "same-origin" });
      if (response.redirected || response.status === 401 || response.status === 403) this.hasEnded = true;
      else if (response.ok) {
        this.whole(await response.json());
        this.isLost = false;
        this.answeredAt = Date.now();
      } else this.isLost = true;
    } catch {
      this.isLost = true;
    } finally {
      this.asking = false;
      this.show();
    }
  }

  get state() {
    if (this.hasEnded) return "ended";
    if (this.isLive) return "live";
    if (this.isLost) return "lost";
    return this.channel && !this.isRefused && !this.answeredAt && this.failures === 0 ? "connecting" : "asking";
  }

  show() {
    const state = this.state;
    if (badge.dataset.state === state) return;
    badge.dataset.state = state;
    badge.title = TITLES[state];
    const at = clock(new Date(this.answeredAt ?? this.heardAt));
    const words = { connecting: "Connecting", live: "Live", asking: "Every 15 s", lost: `Not live since ${at}`, ended: "Signed out" };
    badge.lastElementChild.textContent = words[state];
  }
}
