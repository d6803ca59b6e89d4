// The REST API, with the session's cookie and the page's CSRF token. Every rule is the API's; its refusals are shown as it words them.

const ROOT = "/api/v1/";
const known = new Map();

export class Refused extends Error {
  constructor(status, problem) {
    super(worded(problem) ?? (status ? `The server answered ${status}.` : "The server cannot be reached."));
    this.status = status;
    this.code = problem?.code ?? "";
    this.problem = problem;
  }
}

function worded(problem) {
  if (!problem) return null;
  const fields = Object.entries(problem.errors ?? {}).map(([name, texts]) => `${name}: ${[texts].flat().map((each) => (typeof each === "string" ? each : JSON.stringify(each))).join(" ")}`);
  return [problem.detail ?? problem.title, ...fields].join(" ");
}

async function answered(request) {
  try {
    return await request;
  } catch {
    throw new Refused(0, null);
  }
}

async function checked(response) {
  const text = await response.text();
  let body = null;
  try {
    body = text ? JSON.parse(text) : null;
  } catch {
    // A proxy's page, say: the status tells enough.
  }
  if (!response.ok) throw new Refused(response.status, body);
  return body;
}

// Reads; what was read before and has not changed (ETag) costs no body. `changed` says whether it did.
export async function look(path) {
  const kept = known.get(path);
  const headers = kept ? { "If-None-Match": kept.tag } : {};
  const response = await answered(fetch(ROOT + path, { headers, credentials: "same-origin", cache: "no-store" }));
  if (response.status === 304 && kept) return { body: kept.body, changed: false };
  const body = await checked(response);
  const tag = response.headers.get("ETag");
  if (tag) known.set(path, { tag, body });
  return { body, changed: true };
}

export async function get(path) {
  return (await look(path)).body;
}

const token = () => document.querySelector('meta[name="csrf-token"]').content;

// A file, as a form sends it.
export async function upload(path, file) {
  const body = new FormData();
  body.append("file", file);
  return checked(await answered(fetch(ROOT + path, { method: "POST", headers: { "X-CSRFToken": token() }, credentials: "same-origin", body })));
}

// `lasting`: sent to its end even if the page is left meanwhile.
export async function send(method, path, body, { once = false, lasting = false } = {}) {
  const headers = { "X-CSRFToken": token() };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (once) headers["Idempotency-Key"] = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
  return checked(await answered(fetch(ROOT + path, { method, headers, keepalive: lasting, credentials: "same-origin", body: body === undefined ? undefined : JSON.stringify(body) })));
}

// The part of a `next` link that `get` takes.
export function following(link) {
  return link ? new URL(link, location.href).href.split(ROOT).slice(1).join(ROOT) : null;
}

// A CSV answer as objects named by its first line. Quoted cells may hold commas, quotes and line breaks.
export async function readTable(path) {
  const response = await answered(fetch(ROOT + path, { credentials: "same-origin", cache: "no-store" }));
  if (!response.ok) return checked(response);
  const rows = [[]];
  for (const [, quoted, plain, end] of (await response.text()).matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    rows[rows.length - 1].push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end !== ",") rows.push([]);
  }
  const [names, ...lines] = rows.filter((row) => row.length > 1);
  return lines.map((line) => Object.fromEntries(names.map((name, index) => [name, line[index]])));
}
