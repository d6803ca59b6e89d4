// What has been: fills, orders of any state, and the account's entries, twenty at a time.
import { credits, grouped, percent } from "./amounts.js";
import { following, get } from "./api.js";
import { cell, choose, el, empty, fill, profit, table, time, toast } from "./dom.js";
import { labelOf, learn, marketLink } from "./questions.js";

const REASONS = { deposit: "Deposit", withdrawal: "Withdrawal", trade: "Trade", fee: "Fee", mint: "Sets bought", merge: "Sets sold back", payout: "Payout", bond: "Bond of a dispute", correction: "Correction of a payout", reward: "Liquidity reward" };
const what = (each, bought, sold) => el("small", { className: each.side === "buy" ? "up" : "down" }, `${each.side === "buy" ? bought : sold} ${labelOf(each.market, each.outcome)}`);
const marketOf = (entry) => /^market-(.+)$/.exec(entry.stream)?.[1];

const KINDS = {
  fills: {
    path: "fills?limit=20",
    nothing: "No trades yet.",
    headings: [{ label: "Market" }, { label: "Contracts", className: "n" }, { label: "Price", className: "n" }, { label: "Fee", className: "n less" }, { label: "Time", className: "n less" }],
    row: (each) => el("tr", {}, cell([marketLink(each.market), what(each, "Bought", "Sold")]), cell(grouped(each.quantity), "n"), cell(percent(each.price), "n"), cell(credits(each.fee), "n less"), cell(time(each.executed_at), "n muted less")),
  },
  orders: {
    path: "orders?limit=20",
    nothing: "No orders yet.",
    headings: [{ label: "Market" }, { label: "Filled", className: "n" }, { label: "Price", className: "n" }, { label: "State", className: "n" }, { label: "Placed", className: "n less" }],
    row: (each) => el("tr", {}, cell([marketLink(each.market), what(each, "Buy", "Sell")]), cell(`${grouped(each.filled_quantity)} of ${grouped(each.quantity)}`, "n"), cell(percent(each.price), "n"), cell(el("span", { className: `tag ${each.status}` }, each.status), "n"), cell(time(each.created_at), "n muted less")),
  },
  account: {
    path: "account/entries?limit=20",
    nothing: "Nothing has been booked yet.",
    headings: [{ label: "Entry" }, { label: "Credits", className: "n" }, { label: "Balance", className: "n" }, { label: "Time", className: "n less" }],
    row: (each) => el("tr", {}, cell([REASONS[each.reason] ?? each.reason, el("small", {}, marketOf(each) ? marketLink(marketOf(each)) : null)]), cell(profit(each.units), "n"), cell(credits(each.balance_after), "n"), cell(time(each.recorded_at), "n muted less")),
  },
};

export class History {
  constructor(place) {
    this.place = place;
    this.kind = "fills";
    this.buttons = [...document.querySelectorAll("[data-history]")];
    for (const button of this.buttons) button.addEventListener("click", () => this.turn(button));
  }

  turn(button) {
    choose(this.buttons, button);
    this.kind = button.dataset.history;
    this.show().catch((error) => toast(error.message));
  }

  async show() {
    const { kind } = this;
    const { path, nothing, headings } = KINDS[kind];
    const page = await this.read(path, kind);
    // Another kind was chosen meanwhile.
    if (kind !== this.kind) return;
    if (!page.results.length) fill(this.place, empty(nothing));
    else {
      const made = table(headings, page.results.map(KINDS[kind].row));
      fill(this.place, made);
      this.more(page.next, made.querySelector("tbody"), kind);
    }
  }

  async read(path, kind) {
    const page = await get(path);
    const named = kind === "account" ? page.results.map((each) => ({ market: marketOf(each) })) : page.results;
    await learn(named.filter((each) => each.market));
    return page;
  }

  more(next, rows, kind) {
    if (!next) return;
    const button = el("button", { type: "button", className: "quiet small more", "data-key": "more", onclick: async () => {
      button.disabled = true;
      try {
        const page = await this.read(following(next), kind);
        rows.append(...page.results.map(KINDS[kind].row));
        button.remove();
        this.more(page.next, rows, kind);
      } catch (error) {
        toast(error.message);
        button.disabled = false;
      }
    } }, "Earlier");
    this.place.append(button);
  }
}
