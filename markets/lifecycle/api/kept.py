"""Markets as rendered answers: whole pages are put together from one kept piece per market.

A piece shows what stands in the rows of the market, its outcomes, its organization and its figures, and nothing else; it is
kept apart for those who may know the people behind a market and for those who may not. Its 24 hours begin at a whole minute,
so it holds until the next.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from django.db.models import F, Func, TextField, Value
from django.db.models.functions import Coalesce
from django.http import QueryDict
from rest_framework.request import Request

from governance.access.policies import Access
from markets.analytics.markets.ranking import DayFigures, day_figures
from markets.analytics.markets.tape import MINUTE_S, floor
from markets.lifecycle import selectors
from markets.lifecycle.api.filters import ORDERINGS, MarketFilters
from markets.lifecycle.api.shapes import market_body
from markets.lifecycle.glance import Glance
from markets.lifecycle.models import Market
from markets.trading.api.kept import KEPT
from markets.trading.api.requests import LONGEST_KEPT_QUERY, valid
from opinion_market.api.json import dump
from opinion_market.api.pagination import Turn, turn_of
from opinion_market.api.representations import Representation, tag_of
from opinion_market.kernel.prepared import run_prepared

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Piece:
    """A market as a glance saw it: what its piece is kept under, and the state it must show."""

    market_id: str
    stamp: str
    slug: str
    figures_version: int
    shows_people: bool

    @property
    def key(self) -> tuple[str, str, bool]:
        return ("market", self.market_id, self.shows_people)

    @property
    def state(self) -> tuple[str, str, int]:
        return (self.stamp, self.slug, self.figures_version)

    def render(self, market: Market, day: DayFigures, now: datetime) -> Representation:
        """The market's row and figures must have been read after the glance."""
        body = dump(market_body(market, shows_people=self.shows_people, day=day))
        return Representation(body, self.state, tag_of(body), floor(now, MINUTE_S) + timedelta(seconds=MINUTE_S))


def kept_market(seen: Glance, *, now: datetime) -> Representation:
    """One market."""
    piece = Piece(str(seen.market_id), seen.stamp, seen.organization_slug, seen.figures_version, seen.shows_people)
    return KEPT.find_or_render(piece.key, piece.state, now=now, render=lambda: _rendered([piece], now)[piece.market_id])


def kept_markets(pieces: Sequence[Piece], *, now: datetime) -> list[Representation]:
    """Many, in the order given; those not kept are read together."""
    found = KEPT.find_all([(piece.key, piece.state) for piece in pieces], now=now)
    missing = [piece for piece, kept in zip(pieces, found, strict=True) if kept is None]
    if not missing:
        return [kept for kept in found if kept is not None]
    made = _rendered(missing, now)
    for piece in missing:
        KEPT.keep(piece.key, made[piece.market_id])
    return [kept or made[piece.market_id] for piece, kept in zip(pieces, found, strict=True)]


def _rendered(pieces: Sequence[Piece], now: datetime) -> dict[str, Representation]:
    """New pieces by market: three queries, however many they are."""
    ids = [UUID(piece.market_id) for piece in pieces]
    markets = Market.objects.select_related("organization").prefetch_related("outcomes").in_bulk(ids)
    days = day_figures(ids, now=now)
    return {
        piece.market_id: piece.render(markets[market_id], days[market_id], now)
        for piece, market_id in zip(pieces, ids, strict=True)
    }


@dataclass(frozen=True, slots=True)
class PageQuery:
    """The statement that finds a page's markets, and where in the list it turns."""

    statement: str
    parameters: tuple[Any, ...]
    turn: Turn

    def rows(self) -> list[Row]:
        """The markets the caller may see, with their stamps and what they are ordered by. One query."""
        found = run_prepared(self.statement, self.parameters).fetchone()
        rows: list[Row] = orjson.loads((found and found[0]) or "[]")
        return rows


def page_query(access: Access, request: Request) -> PageQuery:
    """What a request for a page asks the database; worked out once per text and set of roles. Raises ValidationError,
    InvalidCursor."""
    text = request._request.META.get("QUERY_STRING", "")
    if len(text) > LONGEST_KEPT_QUERY or not text.isascii():
        return _page_query(access, request.query_params)
    return _kept_page_query(frozenset(access.roles.items()), access.everything, text)


@lru_cache(maxsize=2_048)
def _kept_page_query(roles: frozenset[tuple[UUID, str]], everything: bool, text: str) -> PageQuery:
    return _page_query(Access(dict(roles), everything), QueryDict(text))


def _page_query(access: Access, query: QueryDict) -> PageQuery:
    filters = valid(MarketFilters, query)
    ordering = filters.pop("ordering")
    statuses, is_public = filters.pop("status", ()), filters.pop("is_public", None)
    found = selectors.matching(
        selectors.markets_visible_to(access),
        statuses=statuses,
        is_public=is_public == "true" if is_public else None,
        **filters,
    )
    if ordering == "closing":
        found = selectors.with_closing_order(found)
    turn = turn_of(query, ORDERINGS[ordering])
    stamp = {name: Func(template=f"markets_market.{name}", output_field=TextField()) for name in ("xmin", "ctid")}
    found = found.annotate(**stamp, slug=F("organization__slug"), figured=Coalesce(F("figures__version"), Value(0)))
    ordered_by = {name.removeprefix("-") for name in turn.ordering}
    page = turn.rows(found).values("xmin", "ctid", "slug", "figured", "organization_id", *sorted(ordered_by))
    statement, parameters = page.query.sql_with_params()
    return PageQuery(f"SELECT json_agg(page)::text FROM ({statement}) page", tuple(parameters), turn)  # noqa: S608


def pieces_of(rows: Sequence[Row], access: Access) -> list[Piece]:
    """What is kept of these markets for the caller."""
    known = {each: access.has(selectors.READ, UUID(each)) for each in {row["organization_id"] for row in rows}}
    return [
        Piece(row["id"], f"{row['xmin']}{row['ctid']}", row["slug"], row["figured"], known[row["organization_id"]])
        for row in rows
    ]
