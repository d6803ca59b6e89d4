// A leaderboard: who leads, and the reader's own place.
import { credits, grouped, share } from "./amounts.js";
import { following, get } from "./api.js";
import { cell, el, empty, failed, fill, table, time, toast } from "./dom.js";

const form = document.getElementById("board");
const place = document.getElementById("places");

const scored = { profit: (score) => credits(score, { signed: true }), roi: share, brier: (score) => (score / 1e6).toFixed(4), log: (score) => (score / 1e6).toFixed(4) };

function row(each, metric) {
  return el("tr", {}, cell(String(each.rank), "n"), cell([el("b", {}, each.name), each.is_you ? el("span", { className: "tag open" }, "you") : null]), cell(scored[metric](each.score), "n"), cell(scored[metric](each.raw), "n less muted"), cell(grouped(each.markets), "n"), cell(grouped(each.fills), "n less"));
}

async function show() {
  const chosen = new URLSearchParams(new FormData(form));
  const metric = chosen.get("metric");
  document.getElementById("csv").href = `/api/v1/leaderboards.csv?${chosen}`;
  try {
    const page = await get(`leaderboards?${chosen}&limit=50`);
    if (!page.results.length) return fill(place, empty("Nobody is ranked here yet: it takes trades in three markets that count, and five fills."));
    const made = table([{ label: "Rank", className: "n" }, { label: "Name" }, { label: "Score", className: "n" }, { label: "Before shrinking", className: "n less" }, { label: "Markets", className: "n" }, { label: "Fills", className: "n less" }], page.results.map((each) => row(each, metric)));
    fill(place, made, el("p", { className: "hint pad" }, "Computed ", time(page.results[0].computed_at), metric === "brier" ? ". The least score leads." : "."));
    more(page.next, made.querySelector("tbody"), metric);
  } catch (error) {
    failed(place, error, show);
  }
  return null;
}

function more(next, rows, metric) {
  if (!next) return;
  const button = el("button", { type: "button", className: "quiet small more", onclick: async () => {
    try {
      const page = await get(following(next));
      rows.append(...page.results.map((each) => row(each, metric)));
      button.remove();
      more(page.next, rows, metric);
    } catch (error) {
      toast(error.message);
    }
  } }, "More");
  place.append(button);
}

form?.addEventListener("change", show);
if (form) show();
