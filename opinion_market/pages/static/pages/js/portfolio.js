// The portfolio: cash and contracts, profit, orders, fills, risk.
import { credits, grouped, percent, share } from "./amounts.js";
import { get, look, readTable } from "./api.js";
import { Chart } from "./chart.js";
import { cell, choose, el, empty, failed, fill, profit, table } from "./dom.js";
import { Live } from "./live.js";
import { orderDeeds } from "./orders.js";
import { History } from "./portfolio_history.js";
import { labelOf, learn, marketLink, questionOf, remember } from "./questions.js";

const FIGURES_EVERY_MS = 10000;
const place = (id) => document.getElementById(id);
const user = place("totals").dataset.user;
const figures = `ai-analytics/analytics/user/${user}`;
const history = new History(place("history"));
let period = "30d";
let held = null;
let results = null;
let profits = new Map();

const tile = (name, ...value) => el("div", {}, el("dt", {}, name), el("dd", {}, ...value));

function showPortfolio(portfolio) {
  held = portfolio;
  for (const market of portfolio.markets) remember(market.market, market.question, Object.fromEntries(market.positions.map((each) => [each.outcome, each.label])));
  showTotals();
  showPositions();
}

function showTotals() {
  fill(place("totals"), tile("Worth in all", credits(held.total), el("small", {}, " cr")), tile("Cash", credits(held.balance)), tile("Available", credits(held.available)), tile("In open orders", credits(held.reserved)), tile("Positions", credits(held.positions_value)), tile("Unrealised profit", results ? profit(results.unrealised_units) : "–"));
}

function showPositions() {
  if (!held) return;
  if (!held.markets.length) return fill(place("positions"), empty("You hold no contracts. ", el("a", { href: "/" }, "Find a market")));
  const rows = held.markets.flatMap((market) => market.positions.map((each, nth) => el("tr", {},
    cell([marketLink(market.market), el("small", {}, each.label)]), cell(grouped(each.free + each.reserved), "n"), cell(percent(each.price), "n less"), cell(credits(each.value), "n"), cell(nth === 0 && profits.has(market.market) ? profit(profits.get(market.market)) : "", "n"))));
  return fill(place("positions"), table([{ label: "Market" }, { label: "Contracts", className: "n" }, { label: "Price", className: "n less" }, { label: "Worth", className: "n" }, { label: "Profit", className: "n" }], rows));
}

async function showOrders() {
  const { results: orders } = await get("orders?status=open&limit=100");
  await learn(orders);
  if (!orders.length) return fill(place("orders"), empty("No open orders."));
  const rows = orders.map((order) => {
    const deed = `${order.side === "buy" ? "Buy" : "Sell"} ${labelOf(order.market, order.outcome)}`;
    const named = `the order to ${deed.toLowerCase()} at ${percent(order.price)} in ${questionOf(order.market)}`;
    return el("tr", {}, cell([marketLink(order.market), el("small", { className: order.side === "buy" ? "up" : "down" }, deed)]),
      cell(percent(order.price), "n"), cell(`${grouped(order.remaining_quantity)} of ${grouped(order.quantity)}`, "n"), cell(orderDeeds(order, named, showOrders), "n"));
  });
  return fill(place("orders"), table([{ label: "Market" }, { label: "Price", className: "n" }, { label: "Open", className: "n" }, { hidden: "Deeds" }], rows));
}

const chartPlace = el("div", { className: "chart low" });
const numbers = el("dl", { className: "pairs pad" });
let chart = null;

async function showProfit() {
  const [{ body: past }, { body: found }, perMarket] = await Promise.all([look(`${figures}/history?period=${period}`), look(`${figures}?period=${period}`), readTable(`${figures}/markets.csv?period=all`)]);
  results = found;
  profits = new Map(perMarket.map((each) => [each.market, Number(each.profit)]));
  if (!chart) {
    fill(place("profit"), chartPlace, numbers);
    chart = new Chart(chartPlace, { label: "Profit", format: (units) => credits(Math.round(units)), zero: true, daily: true, nothing: "No trades in this period." });
  }
  let sum = 0;
  const days = past.days.map((each) => ({ at: new Date(`${each.day}T00:00:00Z`), value: (sum += each.profit) }));
  chart.show(days.length ? [{ at: new Date(days[0].at.getTime() - 86400e3), value: 0 }, ...days] : []);
  const lines = [["Profit", profit(found.profit_units)], ["Realised", profit(found.realised_units)], ["Unrealised", profit(found.unrealised_units)], ["Fees", credits(found.fees_units)], ["Turnover", credits(found.turnover_units)], ["Return", share(found.return_millionths)], ["Markets won", found.settled_markets ? `${found.won_markets} of ${found.settled_markets}` : "–"]];
  numbers.replaceChildren(...lines.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
  if (held) showPortfolio(held);
}

async function showRisk() {
  const { body: risk } = await look("ai-analytics/analytics/portfolio");
  const at = (level) => risk.tails.find((each) => each.level === level);
  const lines = [["Expected in all", credits(risk.expected_total)], ["At worst", credits(risk.worst_total)], ["At best", credits(risk.best_total)], ["Loss not exceeded in 95%", credits(at(95)?.value_at_risk)], ["Mean loss in the worst 5%", credits(at(95)?.expected_shortfall)], ["Loss not exceeded in 99%", credits(at(99)?.value_at_risk)], ["Concentration", share(risk.concentration_millionths)]];
  fill(place("risk"), el("dl", { className: "pairs" }, lines.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])), el("p", { className: "hint" }, risk.method === "exact" ? "Exact, if markets settle independently at their prices." : `Estimated from ${grouped(risk.draws)} draws.`));
}

// A part that fails says so in its own place, once; what it showed before stays.
async function part(id, show) {
  try {
    await show();
  } catch (error) {
    if (place(id).hasAttribute("data-loading")) failed(place(id), error, () => part(id, show));
    throw error;
  }
}

async function rest() {
  await Promise.all([part("profit", showProfit), part("orders", showOrders), part("history", () => history.show()), part("risk", showRisk)]);
}

let told = "";
async function ask() {
  await part("totals", async () => {
    const portfolio = await get("portfolio");
    // Orders move what is reserved, fills the rest: the other parts are read again when any of it moved.
    const { at, ...facts } = portfolio;
    const now = JSON.stringify(facts);
    if (now !== told) await rest();
    told = now;
    showPortfolio(portfolio);
  });
}

const periods = [...document.querySelectorAll("[data-period]")];
for (const button of periods) button.addEventListener("click", () => { choose(periods, button); period = button.dataset.period; part("profit", showProfit).catch(() => {}); });

// Results and risk are computed a moment after the trades they are of, and with every move of the prices.
setInterval(() => {
  if (document.hidden || !held) return;
  part("profit", showProfit).catch(() => {});
  part("risk", showRisk).catch(() => {});
}, FIGURES_EVERY_MS);

let waiting = null;
function soon() {
  clearTimeout(waiting);
  waiting = setTimeout(() => rest().catch(() => {}), 300);
}
const takePortfolio = (data) => { showPortfolio(data.portfolio); };
ask().catch((error) => { for (const id of ["totals", "positions"]) if (place(id).hasAttribute("data-loading")) failed(place(id), error, () => location.reload()); })
  .finally(() => new Live({ channels: { portfolio: { initial: takePortfolio, update: takePortfolio }, orders: { initial: () => {}, update: soon } }, ask }).start());
