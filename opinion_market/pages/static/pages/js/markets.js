// The list of markets keeps itself up to date: prices over the socket, or its rows again, if they changed, every three seconds.
import { credits, percent, pointsChanged } from "./amounts.js";
import { localize } from "./dom.js";
import { Live, flash } from "./live.js";
import "./watch.js";

const body = document.getElementById("rows");
const filters = document.getElementById("filters");
for (const choice of filters.querySelectorAll("select, [type=checkbox]")) choice.addEventListener("change", () => filters.requestSubmit());

const rowOf = (id) => body?.querySelector(`tr[data-market="${CSS.escape(id)}"]`);

function setCell(row, name, text) {
  const place = row.querySelector(`[data-of="${name}"]`);
  if (place.textContent !== text) place.textContent = text;
  return place;
}

function setPrice(row, units) {
  const before = Number(row.dataset.price);
  flash(setCell(row, "price", percent(units)).closest("td"), before, units);
  row.dataset.price = units;
}

function tick(ticker) {
  const row = rowOf(ticker.market);
  if (!row) return;
  const outcome = Number(row.dataset.outcome);
  const change = ticker.price_changes_24h[outcome];
  setPrice(row, ticker.prices[outcome]);
  const place = setCell(row, "change", pointsChanged(change));
  const direction = change > 0 ? "up" : change < 0 ? "down" : "flat";
  place.className = `n ${direction}`;
  row.querySelector(".spark").setAttribute("class", `spark ${direction}`);
  setCell(row, "volume", credits(ticker.volume_24h_value));
}

let tag = "";

// The rows as the server now has them. Rows stay where they are while their order is the same, so nothing jumps under a finger.
async function ask() {
  const address = new URL(location.href);
  address.searchParams.set("fragment", "rows");
  const response = await fetch(address, { headers: tag ? { "If-None-Match": tag } : {}, credentials: "same-origin", cache: "no-store" });
  if (response.status === 304) return;
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  tag = response.headers.get("ETag") ?? "";
  const parsed = new DOMParser().parseFromString(`<table><tbody>${await response.text()}</tbody></table>`, "text/html");
  for (const fresh of parsed.querySelectorAll("tr")) {
    const row = rowOf(fresh.dataset.market);
    if (!row || row.dataset.outcome !== fresh.dataset.outcome) continue;
    setPrice(row, Number(fresh.dataset.price));
    for (const name of ["change", "volume"]) {
      const from = fresh.querySelector(`[data-of="${name}"]`);
      setCell(row, name, from.textContent).className = from.className;
    }
    row.querySelector(".spark").replaceWith(document.importNode(fresh.querySelector(".spark"), true));
    const small = document.importNode(fresh.querySelector("th small"), true);
    row.querySelector("th small").replaceWith(small);
    for (const time of small.querySelectorAll("time")) localize(time);
  }
}

const shown = [...(body?.children ?? [])].map((row) => row.dataset.market);
if (shown.length) {
  const take = (data) => data.markets.forEach(tick);
  new Live({ channels: { markets: { filters: () => ({ markets: shown }), initial: take, update: take } }, ask }).start();
}
