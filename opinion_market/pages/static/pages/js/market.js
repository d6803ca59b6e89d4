// A market's page: one state, fed by the socket or the API, shown by the parts of the page.
import { credits, percent } from "./amounts.js";
import { get, look } from "./api.js";
import { Live, flash } from "./live.js";
import { BookPart } from "./market_book.js";
import { CommentsPart, showEvidence } from "./market_comments.js";
import { DisputePart } from "./market_dispute.js";
import { OwnPart } from "./market_own.js";
import { PricePart } from "./market_price.js";
import { TicketPart } from "./market_ticket.js";
import { TradesPart } from "./market_trades.js";
import { failed } from "./dom.js";
import "./watch.js";

const facts = JSON.parse(document.getElementById("facts").textContent);
const root = `markets/${facts.id}`;
const state = { facts, root, outcome: 0, book: null, trades: [], available: null, positions: [], orders: [], refreshOwn };

const parts = {
  price: new PricePart(state),
  book: new BookPart(state, (price) => parts.ticket?.takePrice(price)),
  trades: new TradesPart(state),
  own: facts.signed_in ? new OwnPart(state) : null,
  ticket: document.getElementById("ticket") ? new TicketPart(state) : null,
  dispute: document.getElementById("dispute") ? new DisputePart(state) : null,
};

const radios = [...document.querySelectorAll("#outcomes [role=radio]")];
radios.forEach((radio, index) => {
  radio.addEventListener("click", () => choose(index));
  radio.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    choose((index + step + radios.length) % radios.length);
    radios[state.outcome].focus();
  });
});

function choose(outcome) {
  state.outcome = outcome;
  radios.forEach((radio, index) => {
    radio.setAttribute("aria-checked", String(index === outcome));
    radio.tabIndex = index === outcome ? 0 : -1;
  });
  parts.price.reload();
  showBook();
  parts.trades.show();
  parts.ticket?.restart();
}

function takeBook(book) {
  state.book = book;
  book.outcomes.forEach((outcome, index) => {
    const place = radios[index]?.querySelector("[data-price]");
    if (!place) return;
    const before = Math.round(parseFloat(place.textContent) * 100);
    place.textContent = percent(outcome.last_price);
    flash(place, before, outcome.last_price);
  });
  showBook();
}

function showBook() {
  if (!state.book) return;
  parts.book.show();
  parts.ticket?.preview();
}

function takeTrades(fresh) {
  const newest = state.trades[0]?.sequence ?? 0;
  const added = fresh.filter((trade) => trade.sequence > newest).sort((a, b) => b.sequence - a.sequence);
  if (!added.length && state.trades.length) return;
  state.trades = [...added, ...state.trades].slice(0, 100);
  parts.trades.show();
  parts.price.traded(added);
}

function takeMarket(market) {
  document.getElementById("volume").textContent = credits(market.volume_value);
  // Another state has other sections; they are the server's to write.
  if (market.status !== facts.status) location.reload();
}

async function refreshOwn() {
  if (!facts.signed_in) return;
  try {
    const [positions, orders, account] = await Promise.all([
      get(`positions?market=${facts.id}`), get(`orders?market=${facts.id}&status=open`), facts.is_member ? get("account") : null,
    ]);
    state.positions = positions.results;
    state.orders = orders.results;
    state.available = account?.accounts.find((each) => each.organization_slug === facts.organization)?.available ?? null;
    parts.own.show();
    parts.ticket?.preview();
    parts.dispute?.show();
  } catch (error) {
    if (document.querySelector("#own[data-loading]")) failed(document.getElementById("own"), error, refreshOwn);
    throw error;
  }
}

let ownVersion = null;

async function ask() {
  const { body: book, changed } = await look(`${root}/book?depth=20`);
  if (changed || !state.book) {
    const tradedBefore = state.book?.sequence ?? -1;
    takeBook(book);
    if (book.sequence !== tradedBefore) {
      const after = state.trades[0]?.sequence;
      takeTrades((await get(`${root}/trades?limit=50${after ? `&after=${after}` : ""}`)).results);
      takeMarket(await get(root));
    } else if (book.status !== facts.status) location.reload();
  }
  // Whatever is one's own here changes with the market's version alone.
  if (facts.signed_in && ownVersion !== book.version) {
    await refreshOwn();
    ownVersion = book.version;
  }
}

async function start() {
  try {
    await ask();
  } catch (error) {
    for (const id of ["book", "trades"]) if (document.querySelector(`#${id}[data-loading]`)) failed(document.getElementById(id), error, () => location.reload());
  }
  const channels = {
    [`market:${facts.id}`]: {
      filters: () => (state.trades.length ? { resume_from: state.trades[0].sequence } : {}),
      initial: (data) => { takeBook(data.book); takeTrades(data.trades); takeMarket(data.market); },
      update: (data) => ({ book: () => takeBook(data.book), trades: () => takeTrades(data.trades), status: () => takeMarket(data.market) })[data.kind]?.(),
    },
  };
  if (facts.signed_in) channels.orders = { filters: () => ({ market: facts.id }), initial: soon, update: soon };
  new Live({ channels: facts.has_ended ? {} : channels, ask }).start();
}

let waiting = null;
// Several changes within a moment are read once.
function soon() {
  clearTimeout(waiting);
  waiting = setTimeout(() => refreshOwn().catch(() => {}), 120);
}

parts.price.reload();
new CommentsPart(state).start();
showEvidence(state);
start();
