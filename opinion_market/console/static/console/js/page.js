// Filling a dashboard's page: tiles, tables, lists. Text is always set as text.
import { clock } from "./words.js";

export const board = document.getElementById("board");
export const first = JSON.parse(document.getElementById("figures").textContent);

export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined).map((child) => (child instanceof Node ? child : String(child))));
  return made;
}

// tone: "good", "bad" or nothing.
export function tile(name, value, note = "", tone = "") {
  const found = board.querySelector(`[data-tile="${name}"]`);
  if (!found) return;
  found.querySelector(".om-value").textContent = value;
  found.querySelector(".om-note").textContent = note || "\u00a0";
  found.classList.toggle("om-bad", tone === "bad");
  found.classList.toggle("om-good", tone === "good");
}

export function asOf(at) {
  const shown = document.getElementById("as-of");
  shown.textContent = clock(at);
  shown.dateTime = at;
}

// columns: [title, cell(row), "right" or nothing]. Redrawn only when something it shows has changed, so focus stays where it is.
export function table(place, columns, rows, nothing) {
  const cells = rows.map((row) => columns.map(([, cell]) => cell(row)));
  const shown = JSON.stringify(cells.map((row) => row.map((cell) => (cell instanceof Node ? cell.outerHTML : cell))));
  if (place.dataset.shown === shown) return;
  place.dataset.shown = shown;
  if (!rows.length) {
    place.replaceChildren(el("p", { class: "om-empty" }, nothing));
    return;
  }
  const side = (column) => (column[2] === "right" ? "om-right" : null);
  const head = el("tr", {}, ...columns.map((column) => el("th", { class: side(column), scope: "col" }, column[0])));
  const body = cells.map((row) => el("tr", {}, ...row.map((cell, index) => el("td", { class: side(columns[index]) }, cell))));
  place.replaceChildren(el("table", { class: "om-table" }, el("thead", {}, head), el("tbody", {}, ...body)));
}

export function link(address, text, note = "") {
  const made = el("a", { class: "om-title om-link", href: address }, text);
  return note ? el("div", {}, made, el("span", { class: "om-sub" }, note)) : made;
}

// A bar beside a number, as long as its share of the most.
export function bar(share) {
  const inner = el("i");
  inner.style.width = `${Math.round(share * 100)}%`;
  return el("span", { class: "om-share", "aria-hidden": "true" }, inner);
}
