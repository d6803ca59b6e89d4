// Charts by Chart.js, which the console's theme brings along: its colours follow the theme, nothing moves by itself, and each
// has its figures as a table beneath.
import { board, table } from "./page.js";

const token = (name) => getComputedStyle(board).getPropertyValue(name).trim();
const drawn = new Set();
Chart.defaults.font.family = getComputedStyle(board).fontFamily;
Chart.defaults.font.size = 11;

new MutationObserver(() => drawn.forEach((plot) => plot.paint())).observe(document.documentElement, { attributeFilter: ["class"] });

export class Plot {
  // series: [{label, ink: 1..3, dash, bars, fill, points, dots}]; format(value) for axis, tooltip and table; head: the first column's title.
  constructor(name, { series, format, head, horizontal = false, logarithmic = false, most = undefined, reference = null }) {
    Object.assign(this, { series, format, head, reference });
    this.place = board.querySelector(`[data-plot="${name}"]`);
    this.canvas = this.place.querySelector("canvas");
    this.details = this.place.querySelector("details");
    this.title = this.place.querySelector("h2").textContent;
    this.details.addEventListener("toggle", () => this.list());
    this.values = horizontal ? "x" : "y";
    this.keys = horizontal ? "y" : "x";
    this.logarithmic = logarithmic;
    const datasets = series.map((each) => ({ ...this.dataset(each), ...this.inks(each) }));
    this.chart = new Chart(this.canvas, {
      type: "line",
      data: { labels: [], datasets },
      options: this.painted(this.options(horizontal, logarithmic, most)),
    });
    drawn.add(this);
  }

  dataset(each) {
    return {
      type: each.bars ? "bar" : "line",
      label: each.label,
      data: [],
      borderWidth: each.bars ? 0 : 2,
      borderDash: each.dash ?? [],
      // A second without neighbours would not be seen as a line.
      pointRadius: each.points ? 5 : each.dots ? 1.5 : 0,
      pointStyle: each.points ? "rectRot" : "circle",
      pointHoverRadius: 4,
      pointHitRadius: 12,
      showLine: !each.points,
      tension: 0,
      spanGaps: false,
      fill: each.fill ? "origin" : false,
      borderRadius: 3,
      maxBarThickness: 36,
      categoryPercentage: 0.9,
      barPercentage: 0.9,
    };
  }

  options(horizontal, logarithmic, most) {
    const labels = this.series.some((each) => each.bars) ? this.markedLegend() : { boxWidth: 24, boxHeight: 0, padding: 14 };
    const legend = { display: this.series.length > 1, position: "bottom", onClick: null, labels };
    const label = (item) => `${item.dataset.label}: ${this.format(item.raw)}`;
    return {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      indexAxis: horizontal ? "y" : "x",
      interaction: { mode: "index", intersect: false, axis: this.keys },
      plugins: { legend, tooltip: { callbacks: { label } }, colors: { enabled: false } },
      scales: {
        [this.keys]: { grid: { display: false }, ticks: { autoSkip: !horizontal, maxRotation: 0, autoSkipPadding: 24 } },
        [this.values]: {
          type: logarithmic ? "logarithmic" : "linear",
          beginAtZero: !logarithmic,
          suggestedMax: most,
          border: { display: false },
          ticks: { maxTicksLimit: 6, callback: (value) => this.mark(value) },
        },
      },
    };
  }

  // Bars and points side by side: each with its own mark.
  markedLegend() {
    const marks = this.series.map((each) => (each.bars ? "rect" : each.points ? "rectRot" : "line"));
    const generateLabels = (chart) => Chart.defaults.plugins.legend.labels.generateLabels(chart).map((item) => ({ ...item, pointStyle: marks[item.datasetIndex] }));
    return { usePointStyle: true, boxHeight: 8, padding: 14, generateLabels };
  }

  // Logarithmic axes name 1, 2 and 5 times a power of ten.
  mark(value) {
    if (this.logarithmic && ![1, 2, 5].includes(Math.round(value / 10 ** Math.floor(Math.log10(value))))) return null;
    return Number.isInteger(value) || value < 5 ? this.format(value) : this.format(Math.round(value));
  }

  // columns: one array of values per series; null leaves a gap.
  show(labels, columns) {
    const isEmpty = !columns.some((column) => column.some((value) => value !== null && value !== 0));
    this.canvas.hidden = isEmpty;
    this.place.querySelector(".om-empty").hidden = !isEmpty;
    this.details.hidden = isEmpty;
    this.labels = labels;
    this.columns = columns;
    this.chart.data.labels = labels;
    columns.forEach((column, index) => {
      this.chart.data.datasets[index].data = column;
    });
    const last = columns.map((column, index) => `${this.series[index].label} ${this.format(column[column.length - 1] ?? null)}`);
    this.canvas.setAttribute("aria-label", isEmpty ? `${this.title}: nothing` : `${this.title}; last: ${last.join(", ")}`);
    this.chart.update("none");
    this.list();
  }

  list() {
    if (!this.details.open || !this.labels) return;
    const columns = [[this.head, (row) => this.labels[row]], ...this.series.map((each, index) => [each.label, (row) => this.format(this.columns[index][row]), "right"])];
    const rows = this.labels.map((_, row) => row).reverse();
    table(this.details.lastElementChild, columns, this.keys === "y" ? rows.reverse() : rows, "Nothing");
  }

  // The theme's colours of a series.
  inks(each) {
    const ink = token(`--om-ink-${each.ink}`);
    const ground = each.fill ? token("--om-ink-1-soft") : ink;
    return { borderColor: ink, backgroundColor: ground, hoverBackgroundColor: ground, pointBackgroundColor: ink, pointBorderColor: ink };
  }

  painted(options) {
    const [text, line, tip, tipText] = ["--om-faint-ink", "--om-grid", "--om-tip", "--om-tip-ink"].map(token);
    for (const scale of Object.values(options.scales)) {
      scale.ticks.color = text;
      scale.grid = { ...scale.grid, color: line };
      scale.border = { ...scale.border, color: line };
    }
    options.plugins.legend.labels.color = text;
    Object.assign(options.plugins.tooltip, { backgroundColor: tip, titleColor: tipText, bodyColor: tipText, cornerRadius: 6, padding: 10 });
    return options;
  }

  paint() {
    this.chart.data.datasets.forEach((dataset, index) => Object.assign(dataset, this.inks(this.series[index])));
    this.painted(this.chart.config.options);
    this.chart.update("none");
  }
}
