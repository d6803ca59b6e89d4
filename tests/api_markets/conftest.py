import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project

from markets.audit.checks import run_all
from markets.audit.replay import replay_markets
from opinion_market.eventstore.read import read_stream
from opinion_market.eventstore.sealing import seal_events
from opinion_market.eventstore.statistics import STREAM_SUMMARIES
from opinion_market.kernel import clock
from tests.api_markets.venue import Person, Venue
from tests.eventstore.sealed import everything_is_final
from tests.governance.people import calling_as

PROGRAM = Path(project.BASE_DIR) / "tools" / "verify_proof.py"


@pytest.fixture
def venue(db: None) -> Venue:
    return Venue()


@pytest.fixture
def elsewhere(db: None) -> Venue:
    """Another tenant."""
    return Venue()


@pytest.fixture
def anybody(db: None) -> Person:
    """A caller without credentials."""
    return Person(user=None, client=calling_as(None))


@pytest.fixture
def everything_adds_up(venue: Venue) -> Iterator[None]:
    """After each test: every invariant the tables show, and the streams replayed."""
    yield
    scope = {"organization_ids": [venue.organization.pk]}
    results = run_all(**scope) + replay_markets(now=clock.now(), **scope)
    assert [result for result in results if not result.passed] == []


@pytest.fixture
def sealable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any) -> None:
    """What a test records can be sealed within its own transaction, and archived into a folder of its own."""
    everything_is_final(monkeypatch)
    settings.ARCHIVE_DIR = tmp_path / "archive"


@pytest.fixture
def check(tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """(exit code, sentence) of the program for a document."""

    def run(document: object, *arguments: str) -> tuple[int, str]:
        path = tmp_path / "document.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        # -I: without the project's folder on the path.
        result = subprocess.run(
            [sys.executable, "-I", str(PROGRAM), str(path), *arguments],
            capture_output=True, text=True, check=False, cwd=tmp_path, env={},
        )  # fmt: skip
        assert result.stderr == ""
        assert result.stdout.count("\n") == 1
        return result.returncode, result.stdout.strip()

    return run


@pytest.fixture
def trades(venue: Venue, sealable: None) -> tuple[Person, Person, str]:
    """Ann and Bob trade with one another, with the house, and are paid out."""
    ann, bob = venue.trader(), venue.trader()
    market = venue.market(house_liquidity=20, dispute_window_s=0)
    ann.post(f"markets/{market}/mint", {"quantity": 5})
    ann.order(market, side="buy", price=7000, quantity=10)
    bob.order(market, side="sell", price=4500, quantity=10)
    ann.order(market, side="buy", price=4600, quantity=40, time_in_force="gtc")
    bob.order(market, side="sell", price=4400, quantity=5)
    venue.chief.post(f"markets/{market}/close", {"reason": "The day is over."})
    venue.second.post(f"markets/{market}/resolve", {"outcome": 0, "evidence": "It rained."})
    venue.third.post(f"markets/{market}/finalize")
    return ann, bob, market


@pytest.fixture
def proof(trades, venue) -> dict[str, Any]:
    """An order's proof, as an auditor downloads it."""
    seal_events(now=datetime.now(UTC))
    market = trades[2]
    events = list(read_stream(f"market-{market}"))
    STREAM_SUMMARIES.handler(events)
    position = next(event.position for event in events if event.type == "OrderPlaced")
    document: dict[str, Any] = venue.member("auditor").get(f"event-sourcing/events/{position}/proof")
    return document
