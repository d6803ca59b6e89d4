// Elements out of data. Text is always set as text, never as markup.
import { credits } from "./amounts.js";

export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  set(made, attributes);
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function set(made, attributes) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "onclick") made.addEventListener("click", value);
    else if (key === "className") made.className = value;
    else made.setAttribute(key, value === true ? "" : value);
  }
}

// Puts content where something was loading or was shown before. A button that is drawn anew (`data-key`) keeps the focus.
export function fill(place, ...children) {
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  place.removeAttribute("data-loading");
  place.replaceChildren(...children.flat().filter(Boolean));
  if (focused) place.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

export function failed(place, error, again) {
  fill(place, el("div", { className: "failed", role: "alert" }, el("p", {}, error.message), again && el("button", { type: "button", className: "quiet small", onclick: again }, "Try again")));
}

export function empty(...text) {
  return el("div", { className: "empty" }, el("p", {}, ...text));
}

export function table(headings, rows) {
  const head = headings.map((heading) => el("th", { scope: "col", className: heading.className }, heading.label ?? el("span", { className: "sr" }, heading.hidden)));
  return el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows));
}

export function cell(content, className) {
  return el("td", { className }, ...(Array.isArray(content) ? content : [content]));
}

const _minute = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const _second = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

// A time in the reader's zone; UTC stands in its title.
export function time(iso, kind = "minute") {
  const made = el("time", { datetime: iso });
  localize(made, kind);
  return made;
}

export function localize(element, kind = "minute") {
  const at = new Date(element.dateTime);
  element.textContent = (kind === "second" ? _second : _minute).format(at);
  element.title = `${at.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

export function profit(units) {
  return el("span", { className: units > 0 ? "up" : units < 0 ? "down" : "flat" }, credits(units, { signed: true }));
}

export function toast(text) {
  const made = el("p", { className: "toast" }, text);
  document.getElementById("toasts").append(made);
  setTimeout(() => made.remove(), 5000);
}

// One of a row of buttons that exclude each other; arrows are not needed, each is a stop of its own.
export function choose(group, chosen) {
  for (const button of group) button.setAttribute("aria-pressed", String(button === chosen));
}
