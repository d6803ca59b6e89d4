// Questions and labels of markets, by id: what rows that only have an id are written with.
import { get } from "./api.js";
import { el } from "./dom.js";

const MOST_AT_ONCE = 40;
const known = new Map();

// labels: by outcome; some of them or all.
export function remember(id, question, labels) {
  known.set(id, { question, labels: { ...known.get(id)?.labels, ...labels } });
}

const isKnown = ({ market, outcome }) => known.has(market) && (outcome === undefined || known.get(market).labels[outcome] !== undefined);

// entries: {market, outcome}; the outcome may be left out. Markets not known well enough are asked for, each once.
export async function learn(entries) {
  const missing = [...new Set(entries.filter((each) => !isKnown(each)).map((each) => each.market))].slice(0, MOST_AT_ONCE);
  await Promise.all(missing.map(async (id) => {
    try {
      const market = await get(`markets/${id}`);
      remember(id, market.question, Object.fromEntries(market.outcomes.map((each) => [each.index, each.label])));
    } catch {
      remember(id, known.get(id)?.question ?? "A market you may no longer see", {});
    }
  }));
}

export function marketLink(id) {
  return el("a", { href: `/markets/${id}` }, questionOf(id));
}

export const questionOf = (id) => known.get(id)?.question ?? "A market";
export const labelOf = (id, outcome) => known.get(id)?.labels[outcome] ?? `#${outcome}`;
