// The order ticket: what it would cost and lose at worst stands there before it is sent, from the book as it is.
import { credits, exactly, grouped, parseCount, parseCredits, parsePrice, percent } from "./amounts.js";
import { send } from "./api.js";
import { bestCase, sweep, worstCase } from "./cost.js";
import { el, toast } from "./dom.js";

export class TicketPart {
  constructor(state) {
    this.state = state;
    this.form = document.getElementById("ticket");
    this.figures = document.getElementById("preview");
    this.refusal = document.getElementById("refusal");
    this.button = document.getElementById("send");
    this.form.addEventListener("input", () => this.changed());
    this.form.addEventListener("submit", (event) => this.submit(event));
    this.changed();
  }

  get value() {
    return (name) => this.form.elements[name].value;
  }

  // Another outcome: its price, and what was refused before is forgotten.
  restart() {
    this.form.elements.price.value = "";
    this.changed();
  }

  takePrice(units) {
    if (this.value("mode") !== "limit") this.form.elements.mode.value = "limit";
    this.form.elements.price.value = percent(units, "");
    this.changed();
  }

  changed() {
    this.refusal.hidden = true;
    const side = this.value("side");
    if (side === "sell" && this.value("mode") === "budget") this.form.elements.mode.value = "market";
    const mode = this.value("mode");
    const rests = mode === "limit" && ["gtc", "gtd"].includes(this.value("time_in_force"));
    const wanted = { buy: side === "buy", limit: mode === "limit", market: mode === "market", quantity: mode !== "budget", budget: mode === "budget", gtd: mode === "limit" && this.value("time_in_force") === "gtd", resting: rests };
    for (const part of this.form.querySelectorAll("[data-for]")) part.hidden = !part.dataset.for.split(" ").some((name) => wanted[name]);
    this.form.elements.price.placeholder = mode === "market" ? "any" : "";
    this.button.className = `send ${side}`;
    this.button.textContent = `${side === "buy" ? "Buy" : "Sell"} ${this.state.facts.outcomes[this.state.outcome].label}`;
    this.preview();
  }

  // The order as the API takes it, or the first thing that is wrong with it.
  read() {
    const mode = this.value("mode");
    const order = { outcome: this.state.outcome, side: this.value("side"), type: mode === "limit" ? "limit" : "market" };
    const price = this.value("price").trim();
    if (mode === "limit" || (mode === "market" && price)) {
      order.price = parsePrice(price);
      if (order.price === null || order.price < 1 || order.price > 9999) return { wrong: "price", words: price ? "A price is from 0.01 to 99.99." : "Name a price." };
    }
    if (mode === "budget") {
      order.budget = parseCredits(this.value("budget"));
      if (!order.budget) return { wrong: "budget", words: "Name a budget in credits." };
    } else {
      order.quantity = parseCount(this.value("quantity"));
      if (!order.quantity || order.quantity > 1e9) return { wrong: "quantity", words: "Name a whole number of contracts." };
      if (this.form.elements.reduce_only.checked) order.reduce_only = true;
    }
    return mode === "limit" ? this.withTime(order) : { order };
  }

  withTime(order) {
    order.time_in_force = this.value("time_in_force");
    if (order.time_in_force === "gtd") {
      const at = new Date(this.value("expires_at"));
      if (!(at > new Date())) return { wrong: "expires_at", words: "Name a time to come." };
      order.expires_at = at.toISOString();
    }
    if (["gtc", "gtd"].includes(order.time_in_force) && this.form.elements.post_only.checked) order.post_only = true;
    return { order };
  }

  preview() {
    const { order, words } = this.read();
    const book = this.state.book?.outcomes[this.state.outcome];
    if (!order || !book) return this.say([[order ? "" : words, ""]]);
    const asked = { side: order.side, limit: order.price, quantity: order.quantity, budget: order.budget, rests: order.type === "limit" };
    const house = book.house_price === null ? null : { b: this.state.book.house_liquidity, price: Number(book.house_price) / 10000 };
    const { taker_fee_bps: taker, maker_fee_bps: maker } = this.state.facts;
    const found = order.post_only ? { filled: 0n, value: 0n, fee: 0n } : sweep(asked, { bids: book.bids, offers: book.offers, house }, taker);
    const held = this.state.positions.find((each) => each.outcome === order.outcome)?.free ?? 0;
    return this.say(this.lines(order, found, worstCase(asked, { taker, maker }, held), held));
  }

  lines(order, found, worst, held) {
    const buying = order.side === "buy";
    const about = found.withHouse ? "≈ " : "";
    const mean = found.filled ? Number((found.value + found.filled / 2n) / found.filled) : null;
    const now = found.filled ? `${about}${grouped(found.filled)} at ${percent(mean)}` : "nothing";
    const money = buying ? -(found.value + found.fee) : found.value - found.fee;
    const lines = [["Fills now", now], [buying ? "Costs now" : "Brings now", found.filled ? `${about}${exactly(buying ? -money : money)} cr` : "–"], ["Fees in that", found.filled ? `${about}${exactly(found.fee)} cr` : "–"]];
    lines.push(["Costs at most", `${exactly(worst.cost)} cr`], [`If ${buying ? "wrong" : "it comes true"}, at worst`, `−${exactly(worst.loss)} cr`]);
    if (buying && found.filled) lines.push(["If it comes true, of that", `${about}+${credits(bestCase("buy", found))} cr`]);
    if (!buying) lines.push(["You hold", `${grouped(held)} free`]);
    lines.push(["Available", this.state.available === null ? "–" : `${credits(this.state.available)} cr`]);
    return lines;
  }

  say(lines) {
    this.figures.replaceChildren(...lines.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
  }

  refuse(words, name) {
    this.refusal.textContent = words;
    this.refusal.hidden = false;
    for (const field of this.form.elements) if (field.name) field.setAttribute("aria-invalid", String(field.name === name));
    if (name) this.form.elements[name].focus();
  }

  async submit(event) {
    event.preventDefault();
    const { order, wrong, words } = this.read();
    if (!order) return this.refuse(words, wrong);
    this.button.disabled = true;
    try {
      const placed = await send("POST", `${this.state.root}/orders`, order, { once: true });
      const rest = placed.remaining_quantity ? `, ${grouped(placed.remaining_quantity)} on the book` : "";
      toast(placed.filled_quantity ? `Filled ${grouped(placed.filled_quantity)} at ${percent(Math.round(Number(placed.average_price)))}${rest}.` : placed.remaining_quantity ? `${grouped(placed.remaining_quantity)} contracts are on the book.` : "Nothing could be filled.");
      this.refuse("", null);
      this.refusal.hidden = true;
      await this.state.refreshOwn().catch(() => {});
    } catch (error) {
      this.refuse(error.message, null);
    } finally {
      this.button.disabled = this.state.facts.status !== "open";
    }
    return null;
  }
}
