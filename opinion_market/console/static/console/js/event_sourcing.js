// The dashboard of the event store. Superusers' pages hear from the hub every five seconds; auditors' pages ask.
import { Plot } from "./charts.js";
import { Live } from "./live.js";
import { asOf, el, first, link, table, tile } from "./page.js";
import { age, bytes, count, full, moment, perSecond, since } from "./words.js";

// Seals are made every hour; one that is twice as old is late.
const SEAL_LATE_S = 7200;
const LATE_S = 120;

const hours = new Plot("hours", { head: "Hour (UTC)", format: (value) => count(value ?? 0), series: [{ label: "Events", ink: 1, bars: true }] });
const types = new Plot("types", { head: "Type", format: (value) => count(value ?? 0), horizontal: true, series: [{ label: "Events", ink: 1, bars: true }] });

const byState = (counts) => Object.entries(counts).map(([state, many]) => `${count(many)} ${state.replace("_", " ")}`).join(", ") || "none";

function projections(rows) {
  const tone = { running: "om-good", rebuilding: "om-info", paused: "om-wait", failed: "om-bad" };
  const columns = [
    ["Projection", (row) => el("span", { class: "om-mono" }, row.name)],
    ["State", (row) => el("span", { class: `om-pill ${tone[row.state]}` }, row.state)],
    ["Events behind", (row) => (row.lag_s >= 1 ? `${count(row.lag_events)}, ${age(row.lag_s)}` : count(row.lag_events)), "right"],
    ["Last minute", (row) => count(row.events_last_minute), "right"],
  ];
  table(document.getElementById("projections"), columns, rows, "No projection is registered.");
}

let work = {};

function showWork() {
  const facts = [
    ["Commands", work.commands && (work.oldest > 0 ? `${byState(work.commands)}; the oldest waits for ${age(work.oldest)}` : byState(work.commands))],
    ["Processes", byState(work.processes)],
    ["Deliveries", byState(work.deliveries)],
    ["Event handlers disabled", count(work.disabled_handlers ?? 0)],
    ["Archive files", work.archives && (work.archives.files ? `${count(work.archives.files)} with ${count(work.archives.events)} events, ${bytes(work.archives.bytes)}; last read back ${full(work.archives.verified_at)} UTC` : "none")],
    ["Last chain check", work.archives && (work.check ? `${work.check.intact ? "intact" : "broken"}, ${full(work.check.at)} UTC, ${count(work.check.events)} events` : "none yet")],
  ];
  const rows = facts.filter(([, value]) => value !== undefined).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)));
  document.getElementById("work").replaceChildren(el("dl", { class: "om-facts" }, ...rows));
}

function store(figures) {
  const { events_last_minute: minute, projections: rows, commands, oldest_waiting_command_s: oldest, last_seal: seal } = figures;
  const behind = Math.max(0, ...rows.map((row) => row.lag_events));
  const latest = Math.max(0, ...rows.map((row) => row.lag_s));
  const paused = rows.filter((row) => row.state !== "running").length;
  tile("minute", perSecond(minute / 60), `${count(minute)} in the last full minute`);
  tile("lag", count(behind), latest > 0 ? `events, ${age(latest)}` : `events, of ${rows.length} projections${paused ? `; ${paused} not running` : ""}`, latest > LATE_S || rows.some((row) => row.state === "failed") ? "bad" : "");
  const sealAge = seal ? (Date.now() - Date.parse(seal.at)) / 1000 : 0;
  tile("seal", seal ? `${age(sealAge)} ago` : "none", seal ? `number ${seal.number}, ${count(seal.events)} events` : "the first is due within the hour", isUnsealed && sealAge > SEAL_LATE_S ? "bad" : "");
  const waiting = (commands.queued ?? 0) + (commands.running ?? 0);
  tile("queue", count(waiting), oldest > 0 ? `the oldest for ${age(oldest)}` : "none is late", oldest > LATE_S ? "bad" : "");
  projections(rows);
  work = { ...work, commands, oldest, processes: figures.processes, deliveries: figures.deliveries };
  showWork();
  asOf(figures.at);
}

let isUnsealed = false;

function seals(rows) {
  const columns = [
    ["Seal", (row) => link(row.link, `Number ${row.number}`)],
    ["Sealed (UTC)", (row) => `${full(row.at)}, ${since(row.at)} ago`],
    ["Events", (row) => count(row.events), "right"],
    ["Last verified", (row) => (row.checked_at ? el("span", { class: row.intact ? "om-buy" : "om-sell" }, `${row.intact ? "intact" : "broken"}, ${full(row.checked_at)}`) : el("span", { class: "om-faint" }, "not yet"))],
  ];
  table(document.getElementById("seals"), columns, rows, "The first seal is made within an hour of the first event.");
}

function whole({ at, totals, hours: counted, types: named, work: waiting, platform }) {
  tile("events", count(totals.events), `${count(totals.streams)} streams`);
  tile("hour", count(totals.this_hour), `${count(totals.day)} in 24 hours`);
  tile("day", count(totals.day), "this hour and the 23 before it");
  tile("streams", count(totals.streams), "each of one organization");
  hours.show(counted.map((each) => moment(each.at, 3600)), [counted.map((each) => each.events)]);
  types.show(named.map((each) => each.type), [named.map((each) => each.events)]);
  work = { ...work, ...waiting };
  if (platform) {
    isUnsealed = platform.unsealed_since !== null;
    work = { ...work, archives: platform.archives, check: platform.chain_check };
    seals(platform.seals);
    store(platform.event_store);
  } else {
    showWork();
    asOf(at);
  }
}

const update = ({ event_store: figures }) => figures && store(figures);

whole(first);
new Live({ whole, initial: update, update, refreshMs: 30000 }).start();
