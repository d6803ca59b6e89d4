// Live data: one socket for the page's channels, and asking the API every three seconds while there is none.
// The badge in the header always says which: live, live by asking, reconnecting, or stale.

const ASK_EVERY_MS = 3000;
const STALE_AFTER_MS = 15000;
const ANSWERED_WITHIN_MS = 5000;
const RETRY_MS = [500, 1000, 2000, 5000, 10000, 30000];
const WORDS = { live: "Live", polling: "Live", reconnecting: "Reconnecting", stale: "Stale" };

export class Live {
  // channels: name -> {filters(), initial(data), update(data)}. ask(): reads the same over the API; awaited before the next.
  constructor({ channels = {}, ask }) {
    this.channels = channels;
    this.ask = ask;
    this.sequences = new Map();
    this.failures = 0;
    this.opened = false;
    this.cut = false;
    this.heardAt = Date.now();
    this.badge = document.getElementById("live");
  }

  start() {
    if (Object.keys(this.channels).length) this.connect();
    this.tick();
    setInterval(() => this.tick(), ASK_EVERY_MS);
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) return;
      if (!this.socket) this.connect();
      this.tick();
    });
    // A socket whose network is gone would stay open, and silent, for minutes.
    addEventListener("offline", () => { this.cut = true; this.drop(); });
    addEventListener("online", () => { this.cut = false; this.failures = 0; this.socket ?? this.connect(); this.tick(); });
  }

  drop() {
    const socket = this.socket;
    if (!socket) return this.show();
    socket.onmessage = socket.onclose = null;
    socket.close();
    return this.lost();
  }

  connect() {
    if (!Object.keys(this.channels).length || this.closedForGood || this.cut) return;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/ws/analytics`);
    this.socket = socket;
    socket.onopen = () => this.heard();
    socket.onmessage = (event) => this.take(JSON.parse(event.data));
    socket.onclose = (event) => this.lost(event.code);
  }

  take(frame) {
    this.heard();
    if (frame.type === "connection_established") {
      this.failures = 0;
      this.opened = true;
      for (const name of Object.keys(this.channels)) this.subscribe(name);
    } else if (frame.type === "initial_data") {
      this.sequences.set(frame.channel, frame.sequence);
      this.channels[frame.channel]?.initial(frame.data);
    } else if (frame.type === "update") {
      const before = this.sequences.get(frame.channel);
      if (before !== undefined && frame.sequence !== before + 1) this.subscribe(frame.channel);
      this.sequences.set(frame.channel, frame.sequence);
      this.channels[frame.channel]?.update(frame.data);
    }
    this.show();
  }

  subscribe(channel) {
    this.socket.send(JSON.stringify({ type: "subscribe", channel, filters: this.channels[channel].filters?.() ?? {} }));
  }

  get connected() {
    return this.opened && this.socket?.readyState === WebSocket.OPEN;
  }

  lost(code) {
    this.opened = false;
    this.socket = null;
    this.sequences.clear();
    // Signed out or no longer allowed: asking again with the same cookie would only be refused again.
    if (code === 4401 || code === 4403) this.closedForGood = true;
    const wait = RETRY_MS[Math.min(this.failures, RETRY_MS.length - 1)];
    this.failures += 1;
    setTimeout(() => document.hidden || this.socket || this.connect(), wait * (0.75 + Math.random() / 2));
    this.show();
  }

  async tick() {
    if (document.hidden) return;
    if (this.connected) {
      const quiet = Date.now() - this.heardAt;
      if (quiet > STALE_AFTER_MS + ANSWERED_WITHIN_MS) this.drop();
      else if (quiet > STALE_AFTER_MS) this.socket.send('{"type":"ping"}');
    } else if (!this.asking) {
      this.asking = true;
      try {
        await this.ask();
        this.heard();
      } catch {
        // The badge says so, and the next round tries again.
      } finally {
        this.asking = false;
      }
    }
    this.show();
  }

  heard() {
    this.heardAt = Date.now();
  }

  show() {
    const quiet = Date.now() - this.heardAt;
    let state = this.connected ? "live" : "polling";
    if (quiet > 2 * STALE_AFTER_MS) state = "stale";
    else if (this.cut || (quiet > 2 * ASK_EVERY_MS && !this.connected)) state = "reconnecting";
    if (this.badge.dataset.state === state && !this.badge.hidden) return;
    this.badge.hidden = false;
    this.badge.dataset.state = state;
    this.badge.lastElementChild.textContent = WORDS[state];
    this.badge.title = { live: "Over a WebSocket, as it happens", polling: "Asked every 3 seconds", reconnecting: "No answer at the moment", stale: "What you see may be out of date" }[state];
  }
}

// Colours a cell for a moment when its number moved.
export function flash(element, before, after) {
  if (before === after || before === null || Number.isNaN(before)) return;
  element.classList.remove("rose", "fell");
  void element.offsetWidth;
  element.classList.add(after > before ? "rose" : "fell");
}
