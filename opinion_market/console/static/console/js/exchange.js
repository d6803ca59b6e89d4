// The dashboard of the exchange: the last five minutes as they happen, or longer times asked for.
import { Plot } from "./charts.js";
import { Live } from "./live.js";
import { asOf, bar, board, el, first, table, tile } from "./page.js";
import { count, duration, moment, perSecond } from "./words.js";

const SLOTS_SHOWN = 60;
const range = board.dataset.range;
const isLive = range === "5m";
const stepSeconds = { "5m": 5, "1h": 30, "24h": 600, "7d": 3600 }[range];
const named = document.querySelector(".om-tabs .om-here").textContent.trim();

const rates = new Plot("rates", { head: "From (UTC)", format: (value) => (value === null ? "–" : perSecond(value)), series: [{ label: "Orders placed", ink: 1, fill: true }, { label: "Commands", ink: 2, dash: [5, 3] }] });
const latency = new Plot("latency", { head: "From (UTC)", format: duration, logarithmic: true, series: [{ label: "p50", ink: 1, dots: true }, { label: "p95", ink: 2, dash: [6, 3], dots: true }, { label: "p99", ink: 3, dash: [2, 2], dots: true }] });
const sizes = new Plot("sizes", { head: "Commands", format: count, series: [{ label: "Batches", ink: 1, bars: true }] });
const queue = new Plot("queue", { head: "From (UTC)", format: (value) => (value === null ? "–" : count(value)), series: [{ label: "Most waiting", ink: 1, bars: true }] });

let slots = [];
let summary = null;

function showSlots() {
  const labels = slots.map((slot) => moment(slot.at, stepSeconds));
  const column = (name) => slots.map((slot) => slot[name]);
  rates.show(labels, [column("orders_per_s"), column("commands_per_s")]);
  latency.show(labels, [column("p50_us"), column("p95_us"), column("p99_us")]);
  queue.show(labels, [column("waiting_most")]);
}

function showDistributions({ batch_sizes, refusals }, words) {
  let before = 0;
  const labels = batch_sizes.map(({ up_to: most }) => {
    const label = most === null ? `over ${before}` : most - before === 1 ? `${most}` : `${before + 1}–${most}`;
    before = most;
    return label;
  });
  sizes.show(labels, [batch_sizes.map((each) => each.batches)]);
  const all = refusals.reduce((sum, each) => sum + each.commands, 0);
  const most = Math.max(1, ...refusals.map((each) => each.commands));
  const columns = [
    ["Code", ({ code }) => el("span", { class: "om-mono" }, code)],
    ["Commands", ({ commands }) => count(commands), "right"],
    ["Share", ({ commands }) => el("span", { class: "om-shared" }, bar(commands / most), `${((100 * commands) / all).toFixed(1)}%`), "right"],
  ];
  table(document.getElementById("refusals"), columns, refusals, "Nothing was refused in this time.");
  document.querySelector("[data-refusals-caption]").textContent = words;
}

function showNow(now) {
  const over = (text) => `${text} over ${named}`;
  tile("orders", perSecond(now.orders_per_s), over(perSecond(summary.orders_per_s)));
  tile("commands", perSecond(now.commands_per_s), over(perSecond(summary.commands_per_s)));
  for (const name of ["p50", "p95", "p99"]) tile(name, duration(now[`${name}_us`]), over(duration(summary[`${name}_us`])));
  tile("batch", perSecond(now.batch_mean), `${perSecond(now.batches_per_s)} batches/s by ${now.processes} ${now.processes === 1 ? "process" : "processes"}`);
  tile("waiting", count(now.waiting_most), over(count(summary.waiting_most)));
  tile("refused", count(summary.refused), `of ${count(summary.commands)} commands over ${named}${summary.failed ? `, ${count(summary.failed)} failed` : ""}`, summary.failed ? "bad" : "");
  asOf(new Date(Date.parse(now.at) + 1000 * now.seconds).toISOString());
}

function whole({ exchange, live }) {
  summary = exchange.summary;
  slots = exchange.slots;
  showSlots();
  showDistributions(exchange, `over ${named}`);
  showNow(live.now);
}

function initial({ exchange }) {
  if (isLive) {
    slots = exchange.slots;
    showSlots();
  }
  update({ kind: "exchange", exchange });
}

function update({ kind, exchange }) {
  if (kind !== "exchange") return;
  if (isLive) {
    const known = new Map(slots.map((slot) => [slot.at, slot]));
    for (const slot of exchange.slots) known.set(slot.at, slot);
    slots = [...known.values()].sort((a, b) => (a.at < b.at ? -1 : 1)).slice(-SLOTS_SHOWN);
    showSlots();
    showDistributions(exchange.recent, `over ${named}`);
  }
  showNow(exchange.now);
}

whole(first);
new Live({ whole, initial, update, refreshMs: 30000 }).start();
