// What the reader holds and has on the book here.
import { credits, grouped, percent } from "./amounts.js";
import { cell, el, empty, fill, table, toast } from "./dom.js";
import { send } from "./api.js";

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
      el("div", {}, el("h3", {}, "Open orders"), orders.length ? this.open(orders) : empty("No open orders."))));
  }

  held(positions) {
    const rows = positions.map((each) => el("tr", {}, cell(this.label(each.outcome)), cell(grouped(each.free + each.reserved), "n"), cell(credits(each.value), "n")));
    return table([{ label: "Outcome" }, { label: "Contracts", className: "n" }, { label: "Worth", className: "n" }], rows);
  }

  open(orders) {
    const rows = orders.map((order) => el("tr", {},
      cell([el("span", { className: order.side === "buy" ? "up" : "down" }, order.side === "buy" ? "Buy" : "Sell"), ` ${this.label(order.outcome)}`]),
      cell(percent(order.price), "n"), cell(`${grouped(order.remaining_quantity)} of ${grouped(order.quantity)}`, "n"), cell(cancelButton(order, () => this.state.refreshOwn()), "n")));
    return table([{ label: "Order" }, { label: "Price", className: "n" }, { label: "Open", className: "n" }, { hidden: "Deeds" }], rows);
  }

  label(outcome) {
    return this.state.facts.outcomes[outcome]?.label ?? `#${outcome}`;
  }
}

export function cancelButton(order, done) {
  const button = el("button", { type: "button", className: "quiet small", "aria-label": `Cancel the order at ${percent(order.price)}`, onclick: async () => {
    button.disabled = true;
    try {
      const { cancelled_quantity: quantity } = await send("DELETE", `orders/${order.id}`);
      toast(`Cancelled ${grouped(quantity)} contracts.`);
    } catch (error) {
      toast(error.message);
      button.disabled = false;
    }
    await done().catch(() => {});
  } }, "Cancel");
  return button;
}
