// Money, prices and times as the pages write them. Money is an integer number of units: 10,000 are a credit.

export const SET_UNITS = 10000;
const MINUS = "−";

// Units as credits with two decimals, rounded towards zero; what is less than a hundredth keeps all four.
export function credits(units, { signed = false } = {}) {
  if (units === null || units === undefined) return "–";
  const size = Math.abs(Number(units));
  const whole = Math.trunc(size / SET_UNITS);
  const cents = Math.trunc((size % SET_UNITS) / 100);
  const sign = units < 0 ? MINUS : signed && units > 0 ? "+" : "";
  if (size > 0 && size < 100) return `${sign}0.${String(size).padStart(4, "0")}`;
  return `${sign}${grouped(whole)}.${String(cents).padStart(2, "0")}`;
}

// Units as credits with all four decimals: for what must not be rounded, such as the most that an order can cost.
export function exactly(units) {
  const digits = String(units).padStart(5, "0");
  return `${grouped(digits.slice(0, -4))}.${digits.slice(-4)}`;
}

export function grouped(number) {
  return String(number).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

// A price in units as percent, exactly; without the sign where a heading has it.
export function percent(units, sign = "%") {
  if (units === null || units === undefined) return "–";
  return `${Math.trunc(units / 100)}.${String(units % 100).padStart(2, "0")}${sign}`;
}

export function pointsChanged(units) {
  if (units === null || units === undefined) return "–";
  const sign = units > 0 ? "+" : units < 0 ? MINUS : "";
  return `${sign}${percent(Math.abs(units), "")}`;
}

export function share(millionths) {
  if (millionths === null || millionths === undefined) return "–";
  return `${millionths < 0 ? MINUS : ""}${(Math.abs(millionths) / 10000).toFixed(1)}%`;
}

// A decimal number with at most `places` decimals, as an integer of 10^-places; null if it is none. No floats on the way.
export function parseDecimal(text, places) {
  const match = /^\s*(\d{1,12})?(?:[.,](\d*))?\s*%?\s*$/.exec(text);
  if (!match || (!match[1] && !match[2])) return null;
  const decimals = match[2] ?? "";
  if (decimals.length > places && /[1-9]/.test(decimals.slice(places))) return null;
  return Number((match[1] ?? "0") + decimals.slice(0, places).padEnd(places, "0"));
}

export const parsePrice = (text) => parseDecimal(text, 2);
export const parseCredits = (text) => parseDecimal(text, 4);

export function parseCount(text) {
  const plain = text.replace(/[\s,]/g, "");
  return /^\d{1,10}$/.test(plain) ? Number(plain) : null;
}
