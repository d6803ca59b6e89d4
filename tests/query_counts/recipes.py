"""How each write is asked to do what it is for, so that it is measured doing it."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from governance.identity import tokens
from tests.api_markets.endings import a_resolved_market
from tests.api_markets.venue import Person, Venue, an_order
from tests.governance.people import PASSWORD
from tests.query_counts.mesh_recipes import asked_of_mesh
from tests.query_counts.seeded import ROOT, Asked, Seeded

_ORDERS = "markets/<uuid:market_id>/orders"
_COMMENT = "markets/<uuid:market_id>/comments/<uuid:comment_id>"
_MEMBER = "organizations/<slug:reference>/members/<uuid:user_id>"
YES_WINS = {"outcome": 0, "evidence": "The gauge."}
WHY = {"reason": "The gauge is broken."}

Recipe = Callable[[Seeded], Asked]


def by(name: str, path: str, body: Any = None) -> Recipe:
    """A request about what is seeded, by the `Venue`'s person of that name."""

    def recipe(seeded: Seeded) -> Asked:
        given = body(seeded) if callable(body) else body
        return Asked(getattr(seeded.venue, name), seeded.filled(ROOT + path), {} if given is None else given)

    return recipe


def step(name: str, deed: str, *before: tuple[str, str, object], body: object = None) -> Recipe:
    """A step of a market's life, on a market that `before` (person, deed, body) has brought there from a draft."""

    def recipe(seeded: Seeded) -> Asked:
        market = seeded.venue.draft(dispute_window_s=0)
        for person, earlier, given in before:
            getattr(seeded.venue, person).post(f"markets/{market}/{earlier}", given)
        return Asked(getattr(seeded.venue, name), f"{ROOT}markets/{market}/{deed}", {} if body is None else body)

    return recipe


_SUBMIT = ("chief", "submit", None)
_OPEN = (_SUBMIT, ("second", "approve", None), ("chief", "open", None))
_CLOSED = (*_OPEN, ("chief", "close", {"reason": "Over."}))
_RESOLVED = (*_CLOSED, ("second", "resolve", YES_WINS))
_SETTLED = (*_RESOLVED, ("third", "finalize", None))
_CORRECTION = ("second", "correct", {**WHY, "outcome": 1})


def _batch(seeded: Seeded) -> object:
    return {"orders": [{"market": seeded.market, **an_order(price=1000 + index)} for index in range(3)]}


def _note(seeded: Seeded) -> object:
    return {
        "organization": str(seeded.venue.organization.pk),
        "name": uuid4().hex,
        "type": "custom.Noted",
        "data": {"n": 1},
    }


def _credentials(seeded: Seeded) -> object:
    return {"username": seeded.chief.user.username, "password": PASSWORD}


def _refresh(seeded: Seeded) -> object:
    return {"refresh": tokens._pair(seeded.chief.user).refresh}


def _cancel_one(seeded: Seeded) -> Asked:
    return Asked(seeded.chief, f"{ROOT}orders/{seeded.resting_order()}")


def _remove_member(seeded: Seeded) -> Asked:
    return Asked(seeded.chief, seeded.filled(ROOT + _MEMBER, user_id=seeded.venue.trader().user.pk))


def _merge(seeded: Seeded) -> Asked:
    seeded.chief.post(f"markets/{seeded.market}/mint", {"quantity": 3})
    return Asked(seeded.chief, f"{ROOT}markets/{seeded.market}/merge", {"quantity": 1})


def _new_member(seeded: Seeded) -> object:
    return {"username": Venue().trader().user.username, "role": ""}


def _switch(seeded: Seeded, *, is_on: bool) -> Asked:
    trader = seeded.venue.trader()
    if is_on:
        trader.post("account/kill-switch", {})
    return Asked(trader, f"{ROOT}account/kill-switch", {})


def _switch_of_a_member(seeded: Seeded, *, is_on: bool) -> Asked:
    path = seeded.filled(f"{_MEMBER}/kill-switch", user_id=seeded.venue.trader().user.pk)
    if is_on:
        seeded.chief.post(path, WHY)
    return Asked(seeded.chief, ROOT + path, WHY)


def _after(seeded: Seeded, before: str, path: str) -> Asked:
    """A second deed of staff on the same comment, of a comment of its own."""
    comment = seeded.bob.post(f"markets/{seeded.market}/comments", {"text": uuid4().hex})["id"]
    if before:
        seeded.venue.second.post(seeded.filled(before, comment_id=comment), WHY)
    return Asked(seeded.venue.second, ROOT + seeded.filled(path, comment_id=comment), WHY)


def _of_a_comment(seeded: Seeded, path: str, body: object) -> Asked:
    """What its author does to a comment, of one of their own."""
    comment = seeded.chief.post(f"markets/{seeded.market}/comments", {"text": uuid4().hex})["id"]
    return Asked(seeded.chief, ROOT + seeded.filled(path, comment_id=comment), body)


def _file_of_evidence(seeded: Seeded) -> Asked:
    file = SimpleUploadedFile("log.txt", b"3 mm", "text/plain")
    path = f"markets/{seeded.market}/evidence"
    sent = encode_multipart(BOUNDARY, {"file": file})
    response = seeded.chief.client.post(f"{ROOT}{path}/files", sent, content_type=MULTIPART_CONTENT)
    found = response.json()["id"]
    return Asked(seeded.chief, f"{ROOT}{path}/{found}/content")


def _contested(seeded: Seeded, deed: str, body: object, *before: str) -> Asked:
    """A step about a resolution that holders may dispute: by Ann, who holds Yes, or by staff once she has."""
    market, ann, _ = a_resolved_market(seeded.venue)
    person: Person = ann
    for earlier in before:
        ann.post(f"markets/{market}/{earlier}", WHY)
        person = seeded.venue.third
    return Asked(person, f"{ROOT}markets/{market}/{deed}", body)


# What a write is asked to do, so that it is measured doing it. One without a recipe is measured as it refuses an empty body.
WRITES: dict[str, Recipe] = {
    "POST account/kill-switch": lambda seeded: _switch(seeded, is_on=False),
    "DELETE account/kill-switch": lambda seeded: _switch(seeded, is_on=True),
    f"POST {_MEMBER}/kill-switch": lambda seeded: _switch_of_a_member(seeded, is_on=False),
    f"DELETE {_MEMBER}/kill-switch": lambda seeded: _switch_of_a_member(seeded, is_on=True),
    "PATCH orders/<uuid:order_id>": lambda seeded: Asked(
        seeded.chief, f"{ROOT}orders/{seeded.resting_order()}", {"price": 1400}
    ),
    "POST orders/cancel": lambda seeded: Asked(
        seeded.chief, f"{ROOT}orders/cancel", {"orders": [seeded.resting_order(), seeded.resting_order()]}
    ),
    "POST market-groups": by(
        "chief", "market-groups", lambda seeded: {"organization": seeded.venue.organization.slug, "question": "Who?"}
    ),
    "POST markets/<uuid:market_id>/outcomes": lambda seeded: Asked(
        seeded.chief,
        f"{ROOT}markets/{seeded.venue.market(kind='categorical', outcomes=['A', 'B'])}/outcomes",
        {"label": "C"},
    ),
    "PUT markets/<uuid:market_id>/limits": by(
        "chief",
        "markets/<uuid:market_id>/limits",
        {"position": 1_000_000, "order_limit": None, "order_quantity": None, "reason": "Thin."},
    ),
    "POST markets/<uuid:market_id>/comments": by("third", "markets/<uuid:market_id>/comments", {"text": "Will it?"}),
    f"PATCH {_COMMENT}": lambda seeded: _of_a_comment(seeded, _COMMENT, {"text": "It will not rain."}),
    f"DELETE {_COMMENT}": lambda seeded: _of_a_comment(seeded, _COMMENT, None),
    f"POST {_COMMENT}/report": lambda seeded: _after(seeded, "", f"{_COMMENT}/report"),
    f"POST {_COMMENT}/hide": lambda seeded: _after(seeded, "", f"{_COMMENT}/hide"),
    f"POST {_COMMENT}/unhide": lambda seeded: _after(seeded, f"{_COMMENT}/hide", f"{_COMMENT}/unhide"),
    f"POST {_COMMENT}/keep": lambda seeded: _after(seeded, f"{_COMMENT}/report", f"{_COMMENT}/keep"),
    "POST markets/<uuid:market_id>/evidence/links": by(
        "chief", "markets/<uuid:market_id>/evidence/links", {"url": "https://example.org/log"}
    ),
    "POST markets/<uuid:market_id>/evidence/files": lambda seeded: Asked(
        seeded.chief,
        f"{ROOT}markets/{seeded.market}/evidence/files",
        {"file": SimpleUploadedFile("log.txt", b"3 mm", "text/plain")},
        "multipart",
    ),
    "GET markets/<uuid:market_id>/evidence/<uuid:evidence_id>/content": _file_of_evidence,
    "POST markets/<uuid:market_id>/confirm": step("third", "confirm", *_RESOLVED),
    "POST markets/<uuid:market_id>/dispute": lambda seeded: _contested(seeded, "dispute", WHY),
    "POST markets/<uuid:market_id>/review": lambda seeded: _contested(
        seeded, "review", {**WHY, "decision": "uphold"}, "dispute"
    ),
    "POST markets/<uuid:market_id>/void": step("second", "void", *_OPEN, body=WHY),
    "POST markets/<uuid:market_id>/approve-void": step("third", "approve-void", *_OPEN, ("second", "void", WHY)),
    "POST markets/<uuid:market_id>/reject-void": step(
        "third", "reject-void", *_OPEN, ("second", "void", WHY), body=WHY
    ),
    "POST markets/<uuid:market_id>/correct": step("second", "correct", *_SETTLED, body={**WHY, "outcome": 1}),
    "POST markets/<uuid:market_id>/approve-correction": step("third", "approve-correction", *_SETTLED, _CORRECTION),
    "POST markets/<uuid:market_id>/reject-correction": step(
        "third", "reject-correction", *_SETTLED, _CORRECTION, body=WHY
    ),
    "PUT watchlist/<uuid:market_id>": by("chief", "watchlist/<uuid:market_id>"),
    "DELETE watchlist/<uuid:market_id>": by("chief", "watchlist/<uuid:market_id>"),
    "POST reward-campaigns": by(
        "chief",
        "reward-campaigns",
        lambda seeded: {
            "organization": seeded.venue.organization.slug,
            "name": "More",
            "market": seeded.market,
            "budget": 24,
            "hours": 24,
            "max_distance": 3_000,
        },
    ),
    "PUT leaderboards/listing": by("chief", "leaderboards/listing", {"shown": "hidden"}),
    "PUT organizations/<slug:reference>/limits": by(
        "chief",
        "organizations/<slug:reference>/limits",
        {**WHY, "position": 10**6, "open_orders": None, "order_quantity": None, "order_value": None},
    ),
    f"PUT {_MEMBER}/limits": by(
        "chief", f"{_MEMBER}/limits", {**WHY, "position": 10**6, "open_orders": None, "order_value": None}
    ),
    "POST reward-campaigns/<uuid:campaign_id>/stop": by("chief", "reward-campaigns/<uuid:campaign_id>/stop", WHY),
    "POST auth/token": by("chief", "auth/token", _credentials),
    "POST auth/token/refresh": by("chief", "auth/token/refresh", _refresh),
    "POST auth/token/revoke": by("chief", "auth/token/revoke", _refresh),
    "POST api-keys": by("chief", "api-keys", {"name": "new"}),
    "DELETE api-keys/<uuid:api_key_id>": by("chief", "api-keys/<uuid:api_key_id>"),
    "POST organizations/<slug:reference>/members": by("chief", "organizations/<slug:reference>/members", _new_member),
    f"PATCH {_MEMBER}": by("chief", _MEMBER, {"role": "viewer"}),
    f"DELETE {_MEMBER}": _remove_member,
    f"POST {_MEMBER}/deposit": by("chief", f"{_MEMBER}/deposit", {"units": 10_000}),
    f"POST {_MEMBER}/withdraw": by("chief", f"{_MEMBER}/withdraw", {"units": 10_000}),
    "POST organizations/<slug:reference>/subsidy": by(
        "chief", "organizations/<slug:reference>/subsidy", {"units": 10_000}
    ),
    "POST event-sourcing/events": by("chief", "event-sourcing/events", _note),
    "POST markets": by(
        "chief",
        "markets",
        lambda seeded: {"organization": seeded.venue.organization.slug, "question": "Rain?", "criteria": "The gauge."},
    ),
    f"POST {_ORDERS}": by("chief", _ORDERS, an_order(price=1200)),
    "POST orders/batch": by("chief", "orders/batch", _batch),
    "DELETE orders/<uuid:order_id>": _cancel_one,
    "DELETE orders": by("chief", "orders"),
    "POST markets/<uuid:market_id>/mint": by("chief", "markets/<uuid:market_id>/mint", {"quantity": 3}),
    "POST markets/<uuid:market_id>/merge": _merge,
    "POST markets/<uuid:market_id>/submit": step("chief", "submit"),
    "POST markets/<uuid:market_id>/return": step("second", "return", _SUBMIT, body={"reason": "Unclear."}),
    "POST markets/<uuid:market_id>/approve": step("second", "approve", _SUBMIT),
    "POST markets/<uuid:market_id>/open": step("chief", "open", *_OPEN[:2]),
    "POST markets/<uuid:market_id>/halt": step("chief", "halt", *_OPEN, body={"reason": "Rain."}),
    "POST markets/<uuid:market_id>/close": step("chief", "close", *_OPEN, body={"reason": "Over."}),
    "POST markets/<uuid:market_id>/resolve": step("second", "resolve", *_CLOSED, body=YES_WINS),
    "POST markets/<uuid:market_id>/withdraw-resolution": step(
        "second", "withdraw-resolution", *_RESOLVED, body={"reason": "Misread."}
    ),
    "POST markets/<uuid:market_id>/finalize": step("third", "finalize", *_RESOLVED),
}


def asked(seeded: Seeded, method: str, address: str) -> Asked:
    """The request for an endpoint: its recipe, or the chief with an empty body."""
    path = address.removeprefix(ROOT)
    if (of_mesh := asked_of_mesh(seeded, method, path, address)) is not None:
        return of_mesh
    recipe = WRITES.get(f"{method.upper()} {path}")
    return recipe(seeded) if recipe else Asked(seeded.chief, seeded.filled(address), {})
