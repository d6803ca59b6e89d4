"""How many statements each endpoint and each main page of the console costs, for a reviewer to read.

`tests/snapshots/query_counts.json` holds status and number of statements (credentials apart, savepoints included; COPY is
not counted) of one request per endpoint, with nothing kept from earlier requests. After a deliberate change, or for a new
endpoint: UPDATE_SNAPSHOTS=1 make test TESTS=tests/query_counts. What is listed with a status of 400 or more has been measured
refusing: it wants a recipe in `recipes.WRITES`, or a parameter in `Seeded.parameters`.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from markets.lifecycle.api import kept as kept_markets
from markets.trading.api import market_data, prices
from opinion_market.api.representations import Representations
from tests.api.test_permissions_snapshot import endpoints
from tests.console.scene import client_of
from tests.governance.people import a_user
from tests.own_cache import forget_all
from tests.query_counts.recipes import asked
from tests.query_counts.seeded import ROOT, Asked, Seeded

SNAPSHOT = Path(__file__).resolve().parent.parent / "snapshots" / "query_counts.json"
KEPT_IN = (market_data, prices, kept_markets)
MANY = 6

Measured = dict[str, dict[str, int]]


def keep_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in KEPT_IN:
        monkeypatch.setattr(module, "KEPT", Representations())


@pytest.fixture
def seeded(db: None, monkeypatch: pytest.MonkeyPatch) -> Seeded:
    # Attempts to sign in are counted across tests.
    forget_all()
    # What a process looks up once in its life is no cost of an endpoint.
    ContentType.objects.get_for_models(*apps.get_models())
    return Seeded()


def send(method: str, wanted: Asked) -> int:
    """The status, once all of the answer has been produced."""
    options: dict[str, Any] = {}
    if wanted.format == "multipart":
        options = {"data": encode_multipart(BOUNDARY, wanted.body), "content_type": MULTIPART_CONTENT}
    elif method != "get" and wanted.body is not None:
        options = {"data": wanted.body, "format": "json"}
    response = getattr(wanted.person.client, method)(wanted.path, **options)
    return consumed(response)


def consumed(response) -> int:
    if response.streaming:
        b"".join(response.streaming_content)
    return response.status_code


def measured_api(seeded: Seeded, monkeypatch: pytest.MonkeyPatch, *, reads_only: bool) -> Measured:
    found = {}
    # Reads first, for some of the writes take something away.
    wanted = sorted({(method != "get", address, method) for address, method, _, _ in endpoints()})
    for is_write, address, method in wanted:
        if is_write and reads_only:
            continue
        request = asked(seeded, method, address)
        if not is_write:
            send(method, request)
        keep_nothing(monkeypatch)
        with CaptureQueriesContext(connection) as captured:
            status = send(method, request)
        found[f"{method.upper()} {address}"] = {"status": status, "queries": len(captured)}
    return found


def pages() -> Iterator[tuple[str, str]]:
    """(name, address) of the console's home page and lists."""
    yield "index", reverse("admin:index")
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}_changelist"
        try:
            yield name, reverse(f"admin:{name}")
        except NoReverseMatch:
            continue


def measured_console(client: Client, seeded: Seeded) -> Measured:
    found = {}
    wanted = [*pages(), ("markets_market_change", reverse("admin:markets_market_change", args=[seeded.market]))]
    for name, address in sorted(wanted):
        consumed(client.get(address))
        with CaptureQueriesContext(connection) as captured:
            status = consumed(client.get(address))
        found[f"console {name}"] = {"status": status, "queries": len(captured)}
    return found


def test_every_endpoint_and_page_costs_what_was_reviewed(seeded, monkeypatch):
    root = client_of(a_user(superuser=True, staff=True))
    found = measured_console(root, seeded) | measured_api(seeded, monkeypatch, reads_only=False)
    current = json.dumps(found, indent=1, sort_keys=True) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SNAPSHOT.write_text(current)
    reviewed = json.loads(SNAPSHOT.read_text())
    missing = found.keys() ^ reviewed.keys()
    assert not missing, f"Refresh with UPDATE_SNAPSHOTS=1 if these are new or gone: {sorted(missing)}"
    different = {name: (reviewed[name], found[name]) for name in found if found[name] != reviewed[name]}
    assert not different, "Reviewed, found. Refresh with UPDATE_SNAPSHOTS=1 if this change is meant."


def test_what_is_read_costs_the_same_with_few_rows_and_with_many(seeded, monkeypatch):
    root = client_of(a_user(superuser=True, staff=True))
    few = measured_console(root, seeded) | measured_api(seeded, monkeypatch, reads_only=True)
    seeded.grow(MANY)
    many = measured_console(root, seeded) | measured_api(seeded, monkeypatch, reads_only=True)
    assert {name: pair for name in few if (pair := (few[name], many[name]))[0] != pair[1]} == {}


def test_the_exchanges_own_endpoints_are_measured_doing_what_they_are_for():
    refused = [
        name
        for name, measured in json.loads(SNAPSHOT.read_text()).items()
        if measured["status"] >= 400 and name.partition(" ")[2].startswith((f"{ROOT}markets", f"{ROOT}orders"))
    ]
    assert refused == []
