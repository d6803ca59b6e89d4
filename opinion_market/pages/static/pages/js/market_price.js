// The price chart of the chosen outcome.
import { percent } from "./amounts.js";
import { look } from "./api.js";
import { Chart } from "./chart.js";
import { choose, failed } from "./dom.js";

const HOUR_MS = 3600e3;
const SPANS = {
  "1h": { interval: "1m", ms: HOUR_MS, slot: 60e3 },
  "1d": { interval: "5m", ms: 24 * HOUR_MS, slot: 300e3 },
  "1w": { interval: "1h", ms: 7 * 24 * HOUR_MS, slot: HOUR_MS },
  all: { interval: "1d", ms: 1400 * 24 * HOUR_MS, slot: 24 * HOUR_MS },
};

export class PricePart {
  constructor(state) {
    this.state = state;
    this.span = "1d";
    this.place = document.getElementById("chart");
    this.chart = new Chart(this.place, { label: "Price", format: (units) => percent(Math.round(units)), bounds: [0, 10000], nothing: "No trades in this span." });
    for (const [name, change] of [["chart", (value) => this.draw(value)], ["span", (value) => this.choose(value)]]) {
      const group = [...document.querySelectorAll(`button[data-${name}]`)];
      for (const button of group) button.addEventListener("click", () => { choose(group, button); change(button.dataset[name]); });
    }
  }

  choose(span) {
    this.span = span;
    this.chart.reset();
    this.reload();
  }

  async reload() {
    const { interval, ms, slot } = SPANS[this.span];
    // Whole intervals, so that the same question has the same address, and an answer that has not changed costs no body.
    const from = new Date(Math.floor((Date.now() - ms) / slot) * slot).toISOString();
    const asked = `${this.span}/${this.state.outcome}`;
    this.asked = asked;
    try {
      const { body } = await look(`${this.state.root}/prices?interval=${interval}&outcome=${this.state.outcome}&from=${from}`);
      if (this.asked !== asked) return;
      this.candles = body.candles.map((each) => ({ at: new Date(each.start), value: each.close, open: each.open, high: each.high, low: each.low, volume: each.volume, slot }));
      this.draw();
    } catch (error) {
      if (!this.candles) failed(this.place, error, () => this.reload());
    }
  }

  draw(kind = this.chart.kind) {
    const known = this.candles ?? [];
    // A line of the few trades of a young market begins where its first interval opened.
    const first = known[0];
    const points = kind === "line" && first ? [{ at: first.at, value: first.open, volume: 0 }, ...known.map((each) => ({ ...each, at: new Date(Math.min(Date.now(), each.at.getTime() + each.slot)) }))] : known;
    this.chart.show(points, kind);
  }

  traded(trades) {
    if (!trades.length || !this.candles) return;
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.reload(), 400);
  }
}
