// The dashboard of what is traded. The hub says when figures changed; the page then asks for all of them, at most every 4 seconds.
import { Plot } from "./charts.js";
import { Live } from "./live.js";
import { asOf, el, first, link, table, tile } from "./page.js";
import { count, credits, full, moment } from "./words.js";

const SOONEST_MS = 4000;
const MAX_UNITS = 10000;
const percent = (units) => (units === null ? "–" : `${(units / 100).toFixed(0)}%`);

const volume = new Plot("volume", { head: "From (UTC)", format: credits, series: [{ label: "Credits", ink: 1, bars: true }] });
const trades = new Plot("trades", { head: "From (UTC)", format: count, series: [{ label: "Trades", ink: 1, bars: true }] });
const traders = new Plot("traders", { head: "Day (UTC)", format: count, series: [{ label: "People", ink: 1, bars: true }] });
const calibration = new Plot("calibration", { head: "Price half-way", format: percent, most: MAX_UNITS, series: [{ label: "Mean payout", ink: 1, bars: true }, { label: "Mean price", ink: 2, points: true }] });

function moved(units) {
  const text = `${units > 0 ? "+" : ""}${(units / 100).toFixed(1)}`;
  return el("span", { class: units > 0 ? "om-buy" : units < 0 ? "om-sell" : "om-faint" }, units === 0 ? "±0.0" : text);
}

const columns = [
  ["Market", (row) => link(row.link, row.question, `${row.outcome} · ${row.organization}`)],
  ["Price", (row) => row.price, "right"],
  ["Points", (row) => moved(row.change_units), "right"],
  ["Credits", (row) => credits(row.value_units), "right"],
];

function whole({ at, totals, intervals, seconds, days, movers, busiest, forecasts }) {
  const last = totals.last_trade_at ? `last ${full(totals.last_trade_at)}` : "none yet";
  tile("volume", credits(totals.value_units), `${count(totals.contracts)} contracts`);
  tile("trades", count(totals.trades), last);
  tile("traders", count(totals.traders), "each person once");
  tile("open", count(totals.open), `of ${count(totals.markets)} markets`);
  tile("created", count(totals.created), `${count(totals.settled)} resolved for good`);
  tile("brier", forecasts.brier === null ? "–" : forecasts.brier.toFixed(3), forecasts.brier === null ? "no market resolved" : `of ${count(forecasts.markets)} resolved ${forecasts.markets === 1 ? "market" : "markets"}`);
  const labels = intervals.map((each) => moment(each.at, seconds));
  volume.show(labels, [intervals.map((each) => each.value_units)]);
  trades.show(labels, [intervals.map((each) => each.trades)]);
  traders.show(days.map((each) => moment(each.at, 86400)), [days.map((each) => each.traders)]);
  const bins = forecasts.bins.map((each) => `${each.low / 100}–${each.high / 100}% (${each.outcomes})`);
  calibration.show(bins, [forecasts.bins.map((each) => each.paid), forecasts.bins.map((each) => each.price)]);
  table(document.getElementById("movers"), columns, movers, "No price has moved in this time.");
  table(document.getElementById("busiest"), columns, busiest, "Nothing was traded in this time.");
  asOf(at);
}

let waiting = null;
function update() {
  if (waiting !== null || document.hidden) return;
  waiting = setTimeout(() => {
    waiting = null;
    live.ask();
  }, Math.max(0, SOONEST_MS - (Date.now() - live.askedAt)));
}

const live = new Live({ whole, update, refreshMs: 60000 });
document.getElementById("organization").addEventListener("change", (event) => event.target.form.submit());
whole(first);
live.start();
