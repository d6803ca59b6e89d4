// How figures are written: English, UTC, tabular.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const rate = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const credit = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const UTC = { timeZone: "UTC", hourCycle: "h23" };
const second = new Intl.DateTimeFormat("en-GB", { ...UTC, hour: "2-digit", minute: "2-digit", second: "2-digit" });
const minute = new Intl.DateTimeFormat("en-GB", { ...UTC, hour: "2-digit", minute: "2-digit" });
const dayMinute = new Intl.DateTimeFormat("en-GB", { ...UTC, day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { ...UTC, day: "numeric", month: "short" });

export const count = (value) => whole.format(value);
export const perSecond = (value) => (value >= 100 ? whole : rate).format(value);
export const credits = (units) => credit.format(units / 10000);

export function duration(us) {
  if (us === null || us === undefined) return "–";
  if (us < 1000) return `${us} µs`;
  if (us < 10000) return `${(us / 1000).toFixed(1)} ms`;
  if (us < 1000000) return `${Math.round(us / 1000)} ms`;
  return `${(us / 1000000).toFixed(1)} s`;
}

// The length of a time in whole units: "40 s", "12 min", "3 h", "5 d".
export function age(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 120) return `${whole} s`;
  if (whole < 7200) return `${Math.floor(whole / 60)} min`;
  if (whole < 172800) return `${Math.floor(whole / 3600)} h`;
  return `${Math.floor(whole / 86400)} d`;
}

export const since = (at) => age((Date.now() - Date.parse(at)) / 1000);

// A moment, as finely as its interval's length asks for.
export function moment(at, seconds) {
  const date = new Date(at);
  if (seconds < 60) return second.format(date);
  if (seconds >= 86400) return day.format(date);
  return seconds >= 3600 ? dayMinute.format(date) : minute.format(date);
}

export const clock = (at) => second.format(new Date(at));
export const full = (at) => dayMinute.format(new Date(at));

export function bytes(size) {
  if (size < 1e6) return `${rate.format(size / 1e3)} kB`;
  return size < 1e9 ? `${rate.format(size / 1e6)} MB` : `${rate.format(size / 1e9)} GB`;
}
