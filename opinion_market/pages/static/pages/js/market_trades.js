// The latest trades in the terms of the chosen outcome.
import { SET_UNITS, grouped, percent } from "./amounts.js";
import { cell, el, empty, fill, table, time } from "./dom.js";

export class TradesPart {
  constructor(state) {
    this.state = state;
    this.place = document.getElementById("trades");
  }

  show() {
    const { trades, outcome, facts } = this.state;
    // Two outcomes share the first one's book: a purchase of one is a sale of the other.
    const mirrored = facts.outcomes.length === 2 && outcome === 1;
    const own = facts.outcomes.length === 2 ? trades : trades.filter((trade) => trade.outcome === outcome);
    if (!own.length) return fill(this.place, empty("No trades yet."));
    const rows = own.slice(0, 50).map((trade) => {
      const bought = (trade.taker_side === "buy") !== mirrored;
      const price = mirrored ? SET_UNITS - trade.price : trade.price;
      return el("tr", {},
        cell(el("span", { className: bought ? "up" : "down" }, percent(price, ""), el("span", { className: "sr" }, bought ? " bought" : " sold"))),
        cell(grouped(trade.quantity), "n"), cell(trade.with_house ? "house" : "", "muted"), cell(time(trade.executed_at, "second"), "n muted"));
    });
    return fill(this.place, table([{ label: "Price %" }, { label: "Contracts", className: "n" }, { hidden: "Maker" }, { label: "Time", className: "n" }], rows));
  }
}
