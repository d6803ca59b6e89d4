// A chart in SVG: a line or candles over time, volume beneath, a crosshair that reads values out, wheel and keys to zoom.
import { el, fill, svg } from "./dom.js";

const LEFT = 14;
const RIGHT = 54;
const TOP = 26;
const BOTTOM = 22;
const VOLUME = 0.16;
// Between the last point and the axis, so that neither dot nor bar covers its numbers.
const INNER = 10;
const FEWEST = 8;

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" });
const wholeDay = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

// points: {at: Date, value} or, for candles, also {open, high, low, volume}, oldest first.
export class Chart {
  // daily: a point is of a whole day, and no time of it is named.
  constructor(place, { label, format, zero = false, bounds = null, daily = false, nothing = "Nothing to draw yet." }) {
    Object.assign(this, { place, label, format, zero, bounds, nothing });
    this.at = daily ? wholeDay : full;
    this.mark = daily ? day : null;
    this.kind = "line";
    this.points = [];
    this.view = null;
    new ResizeObserver(() => this.draw()).observe(place);
    place.addEventListener("pointermove", (event) => this.point(event));
    place.addEventListener("pointerleave", () => this.point(null));
    place.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    place.addEventListener("keydown", (event) => this.key(event));
    place.tabIndex = 0;
    place.setAttribute("role", "img");
  }

  show(points, kind = this.kind) {
    this.kind = kind;
    this.points = points;
    this.place.removeAttribute("data-loading");
    this.draw();
  }

  reset() {
    this.view = null;
  }

  get seen() {
    const all = this.points;
    if (!this.view || this.view >= all.length) return all;
    return all.slice(all.length - this.view);
  }

  draw() {
    const { width, height } = this.place.getBoundingClientRect();
    const seen = this.seen;
    if (!width || this.place.hasAttribute("data-loading")) return;
    if (!seen.length) {
      this.place.setAttribute("aria-label", `${this.label}: ${this.nothing}`);
      fill(this.place, el("div", { className: "empty" }, el("p", {}, this.nothing)));
      return;
    }
    const last = seen[seen.length - 1];
    this.place.setAttribute("aria-label", `${this.label}: ${this.format(last.value)} at ${this.at.format(last.at)}. Plus and minus zoom.`);
    this.scales(width, height, seen);
    const art = svg("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
    art.append(...this.axes(width, height, seen), ...this.volumes(height, seen));
    art.append(...(this.kind === "candles" ? this.candles(seen) : this.line(seen)));
    this.cross = svg("line", { class: "cross", y1: TOP, y2: height - BOTTOM, visibility: "hidden" });
    art.append(this.cross);
    this.readout = el("div", { className: "readout" });
    fill(this.place, art, this.readout);
    this.read(last);
  }

  scales(width, height, seen) {
    const lows = seen.map((point) => point.low ?? point.value);
    const highs = seen.map((point) => point.high ?? point.value);
    let low = Math.min(...lows);
    let high = Math.max(...highs);
    if (this.zero) [low, high] = [Math.min(low, 0), Math.max(high, 0)];
    const pad = Math.max((high - low) * 0.08, this.bounds ? 100 : 500);
    [low, high] = [low - pad, high + pad];
    if (this.bounds) [low, high] = [Math.max(low, this.bounds[0]), Math.min(high, this.bounds[1])];
    const floor = height - BOTTOM;
    const begin = seen[0].at.getTime();
    const span = Math.max(1, seen[seen.length - 1].at.getTime() - begin);
    this.x = (at) => LEFT + ((at.getTime() - begin) / span) * (width - LEFT - RIGHT - INNER);
    if (seen.length === 1) this.x = () => LEFT + (width - LEFT - RIGHT - INNER) / 2;
    this.y = (value) => floor - ((value - low) / (high - low || 1)) * (floor - TOP);
    this.range = [low, high];
    this.span = span;
  }

  axes(width, height, seen) {
    const drawn = [];
    const [low, high] = this.range;
    const step = niceStep((high - low) / 4);
    for (let value = Math.ceil(low / step) * step; value <= high; value += step) {
      const y = Math.round(this.y(value)) + 0.5;
      drawn.push(svg("line", { class: value === 0 && this.zero ? "zero" : "grid", x1: LEFT, x2: width - RIGHT, y1: y, y2: y }));
      drawn.push(text(width - RIGHT + 6, y + 4, this.format(value)));
    }
    const marks = Math.max(1, Math.min(seen.length - 1, Math.floor((width - LEFT - RIGHT) / 110)));
    const words = this.mark ?? (this.span < 36 * 3600e3 ? clock : day);
    for (let mark = 0; mark <= marks && seen.length > 1; mark += 1) {
      const at = new Date(seen[0].at.getTime() + (this.span * mark) / marks);
      const anchor = mark === 0 ? "start" : mark === marks ? "end" : "middle";
      drawn.push(text(this.x(at), height - 6, words.format(at), anchor));
    }
    return drawn;
  }

  volumes(height, seen) {
    const most = Math.max(0, ...seen.map((point) => point.volume ?? 0));
    if (!most) return [];
    const wide = this.barWidth(seen);
    return seen.filter((point) => point.volume).map((point) => {
      const tall = Math.max(1, (point.volume / most) * (height - BOTTOM - TOP) * VOLUME);
      return svg("rect", { class: "bar", x: this.x(point.at) - wide / 2, width: wide, y: height - BOTTOM - tall, height: tall });
    });
  }

  barWidth(seen) {
    const room = this.x(seen[seen.length - 1].at) - this.x(seen[0].at);
    const slots = seen.length > 1 && seen[1].slot ? this.span / seen[1].slot : seen.length - 1;
    return Math.max(1.5, Math.min(14, (room / Math.max(1, slots)) * 0.7));
  }

  line(seen) {
    const course = seen.map((point) => `${this.x(point.at).toFixed(1)},${this.y(point.value).toFixed(1)}`);
    const base = this.y(this.zero ? 0 : this.range[0]).toFixed(1);
    const area = `${this.x(seen[0].at).toFixed(1)},${base} ${course.join(" ")} ${this.x(seen[seen.length - 1].at).toFixed(1)},${base}`;
    const end = seen[seen.length - 1];
    const dot = svg("circle", { cx: this.x(end.at), cy: this.y(end.value), r: 3, fill: "var(--accent)" });
    return [svg("polygon", { class: "area", points: area }), svg("polyline", { class: "course", points: course.join(" ") }), dot];
  }

  candles(seen) {
    const wide = this.barWidth(seen);
    return seen.map((point) => {
      const x = this.x(point.at);
      const [top, bottom] = [this.y(Math.max(point.open, point.value)), this.y(Math.min(point.open, point.value))];
      const body = svg("rect", { x: x - wide / 2, width: wide, y: top, height: Math.max(1, bottom - top) });
      const wick = svg("line", { x1: x, x2: x, y1: this.y(point.high), y2: this.y(point.low) });
      return svg("g", { class: point.value >= point.open ? "rise" : "fall" }, wick, body);
    });
  }

  point(event) {
    const seen = this.seen;
    if (!seen.length || !this.cross) return;
    if (!event) {
      this.cross.setAttribute("visibility", "hidden");
      this.read(seen[seen.length - 1]);
      return;
    }
    const x = event.clientX - this.place.getBoundingClientRect().left;
    const nearest = seen.reduce((best, each) => (Math.abs(this.x(each.at) - x) < Math.abs(this.x(best.at) - x) ? each : best));
    for (const end of ["x1", "x2"]) this.cross.setAttribute(end, this.x(nearest.at));
    this.cross.setAttribute("visibility", "visible");
    this.read(nearest);
  }

  read(point) {
    const candle = point.open !== undefined && this.kind === "candles";
    const value = candle ? `O ${this.format(point.open)} H ${this.format(point.high)} L ${this.format(point.low)} C ${this.format(point.value)}` : this.format(point.value);
    const volume = point.volume ? ` · ${point.volume} contracts` : "";
    this.readout.textContent = `${this.at.format(point.at)} · ${value}${volume}`;
  }

  wheel(event) {
    if (!event.ctrlKey && !event.shiftKey) return;
    event.preventDefault();
    this.zoom(event.deltaY + event.deltaX > 0 ? 1.25 : 0.8);
  }

  key(event) {
    if (event.key === "+" || event.key === "=") this.zoom(0.7);
    else if (event.key === "-") this.zoom(1.4);
  }

  zoom(factor) {
    const now = this.view ?? this.points.length;
    this.view = Math.max(FEWEST, Math.round(now * factor));
    if (this.view >= this.points.length) this.view = null;
    this.draw();
  }
}

function text(x, y, content, anchor = "start") {
  const made = svg("text", { x, y, "text-anchor": anchor });
  made.textContent = content;
  return made;
}

// 1, 2 or 5 times a power of ten.
function niceStep(rough) {
  const size = 10 ** Math.floor(Math.log10(Math.max(rough, 1)));
  return [1, 2, 5, 10].map((each) => each * size).find((each) => each >= rough) ?? 10 * size;
}
