// The order book of the chosen outcome, with its depth as bars. A level is a button: it puts its price into the ticket.
import { grouped, percent } from "./amounts.js";
import { el, fill } from "./dom.js";

const SHOWN = 9;

export class BookPart {
  constructor(state, pick) {
    Object.assign(this, { state, pick });
    this.place = document.getElementById("book");
  }

  show() {
    const book = this.state.book.outcomes[this.state.outcome];
    const [offers, bids] = [cumulated(book.offers), cumulated(book.bids)];
    const most = Math.max(1, ...[...offers, ...bids].map((level) => level.total));
    const focused = document.activeElement?.dataset?.price;
    const headings = el("div", { className: "headings" }, el("span", {}, "Price %"), el("span", {}, "Contracts"), el("span", {}, "Total"));
    const spread = book.offers[0] && book.bids[0] ? percent(book.offers[0].price - book.bids[0].price, "") : "–";
    const mid = el("div", { className: "mid" }, el("span", {}, "Last ", el("b", {}, percent(book.last_price))), el("span", { className: "muted" }, `Spread ${spread}`));
    fill(this.place, headings, this.side("offers", offers.reverse(), most), mid, this.side("bids", bids, most));
    if (focused) this.place.querySelector(`[data-price="${focused}"]`)?.focus();
    document.getElementById("house").textContent = book.house_price === null ? "" : `House ${percent(Math.round(Number(book.house_price)))}`;
  }

  side(name, levels, most) {
    const rows = levels.map((level) => {
      const depth = el("i");
      depth.style.width = `${(100 * level.total) / most}%`;
      const row = el("button", { type: "button", className: "level", "data-price": level.price, title: `${level.orders} order${level.orders === 1 ? "" : "s"}`, onclick: () => this.pick(level.price) },
        depth, el("span", {}, percent(level.price, "")), el("span", {}, grouped(level.quantity)), el("span", {}, grouped(level.total)));
      return row;
    });
    const words = name === "offers" ? "No offers" : "No bids";
    return el("div", { className: `levels ${name}`, role: "group", "aria-label": name === "offers" ? "Offers" : "Bids" }, rows.length ? rows : el("p", { className: "empty" }, words));
  }
}

function cumulated(levels) {
  let total = 0;
  return levels.slice(0, SHOWN).map((level) => ({ ...level, total: (total += level.quantity) }));
}
