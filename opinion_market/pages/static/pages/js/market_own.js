// What the reader holds and has on the book here.
import { credits, grouped, percent } from "./amounts.js";
import { cell, el, empty, fill, table } from "./dom.js";
import { orderDeeds } from "./orders.js";

export class OwnPart {
  constructor(state) {
    this.state = state;
    this.place = document.getElementById("own");
  }

  show() {
    const { positions, orders, facts } = this.state;
    if (!positions.length && !orders.length) return fill(this.place, empty(facts.is_member ? "You hold nothing here and have no open orders." : "Only members trade here."));
    return fill(this.place, el("div", { className: "own-grid" },
      el("div", {}, el("h3", {}, "Position"), positions.length ? this.held(positions) : empty("Nothing held.")),
      el("div", {}, el("h3", {}, "Open orders"), orders.length ? this.open(orders) : empty("You have no open orders here."))));
  }

  held(positions) {
    const rows = positions.map((each) => el("tr", {}, cell(this.label(each.outcome)), cell(grouped(each.free + each.reserved), "n"), cell(credits(each.value), "n")));
    return table([{ label: "Outcome" }, { label: "Contracts", className: "n" }, { label: "Worth", className: "n" }], rows);
  }

  open(orders) {
    const rows = orders.map((order) => {
      const deed = order.side === "buy" ? "Buy" : "Sell";
      const named = `the order to ${deed.toLowerCase()} ${this.label(order.outcome)} at ${percent(order.price)}`;
      return el("tr", {}, cell([el("span", { className: order.side === "buy" ? "up" : "down" }, deed), ` ${this.label(order.outcome)}`]),
        cell(percent(order.price), "n"), cell(`${grouped(order.remaining_quantity)} of ${grouped(order.quantity)}`, "n"), cell(orderDeeds(order, named, () => this.state.refreshOwn()), "n"));
    });
    return table([{ label: "Order" }, { label: "Price", className: "n" }, { label: "Open", className: "n" }, { hidden: "Deeds" }], rows);
  }

  label(outcome) {
    return this.state.facts.outcomes[outcome]?.label ?? `#${outcome}`;
  }
}
