"""Seals, archive files and proofs in the console: read-only, verified on demand, each event's proof within its tenant."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from opinion_market.eventstore import archive_files, archiving
from opinion_market.eventstore.models import Archive, Event, Seal
from opinion_market.eventstore.sealing import seal_events
from opinion_market.kernel import clock
from tests.console.scene import Exchange, catch_up, client_of, page
from tests.eventstore.sealed import everything_is_final

pytestmark = pytest.mark.django_db


@pytest.fixture
def exchange(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any) -> Exchange:
    everything_is_final(monkeypatch)
    settings.ARCHIVE_DIR = tmp_path
    scene = Exchange()
    scene.trade(scene.market())
    catch_up()
    return scene


def test_a_seals_page_recomputes_its_root_when_asked(exchange):
    (seal,) = seal_events(now=clock.now())
    client = client_of(exchange.root)
    listed = client.get(page("eventstore_seal_changelist")).content.decode()
    assert "valid" in listed
    assert bytes(seal.root).hex()[:16] in listed
    address = page("eventstore_seal_change", seal.number)
    assert "its hash and its signature are right" in client.get(address).content.decode()
    assert client.get(page("eventstore_seal_verify", seal.number)).status_code == 403
    answer = client.post(page("eventstore_seal_verify", seal.number), follow=True).content.decode()
    assert f"The {seal.events:,} events have the sealed root." in answer
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE eventstore_seal DISABLE TRIGGER USER")
        cursor.execute("UPDATE eventstore_seal SET root = sha256('x') WHERE number = %s", [seal.number])
        cursor.execute("ALTER TABLE eventstore_seal ENABLE TRIGGER USER")
    assert "broken" in client.get(page("eventstore_seal_changelist")).content.decode()
    assert (
        "the events do not have its root"
        in client.post(page("eventstore_seal_verify", seal.number), follow=True).content.decode()
    )


def test_seals_and_archives_are_the_platforms_and_read_only(exchange):
    seal_events(now=clock.now())
    later = clock.now() + timedelta(days=400)
    archiving.archive_events(before=later, now=later)
    auditor, root = client_of(exchange.member("auditor")), client_of(exchange.root)
    for model, row in (("seal", Seal.objects.latest("number")), ("archive", Archive.objects.latest("pk"))):
        for address in (page(f"eventstore_{model}_changelist"), page(f"eventstore_{model}_change", row.pk)):
            assert root.get(address).status_code == 200
            assert auditor.get(address).status_code in {302, 403}
            assert root.post(address, {"number": 7}).status_code in {200, 302, 403}
        assert root.post(page(f"eventstore_{model}_delete", row.pk), {"post": "yes"}).status_code == 403
        assert root.get(page(f"eventstore_{model}_add")).status_code == 403
        assert type(row).objects.get(pk=row.pk) == row
    assert auditor.post(page("eventstore_seal_verify", 1)).status_code in {403, 404}


def test_a_missing_archive_file_is_shown(exchange):
    seal_events(now=clock.now())
    later = clock.now() + timedelta(days=400)
    (archive,) = archiving.archive_events(before=later, now=later)
    client = client_of(exchange.root)
    address = page("eventstore_archive_change", archive.pk)
    assert "in place" in client.get(page("eventstore_archive_changelist")).content.decode()
    assert f"{archive.events:,} events, each with the hash" in client.get(address).content.decode()
    archive_files.path_of(archive.sha256).unlink()
    assert "missing" in client.get(page("eventstore_archive_changelist")).content.decode()
    assert "cannot be read" in client.get(address).content.decode()


def test_an_events_page_names_its_seal_and_gives_its_proof_within_the_tenant(exchange):
    event = Event.objects.filter(type="OrderPlaced").first()
    assert event is not None
    auditor, foreign = client_of(exchange.member("auditor")), client_of(Exchange().member("auditor"))
    address, proof = page("eventstore_event_change", event.pk), page("eventstore_event_proof", event.pk)
    assert "not sealed yet" in auditor.get(address).content.decode()
    assert "has not been sealed yet" in auditor.get(proof, follow=True).content.decode()
    (seal,) = seal_events(now=clock.now())
    body = auditor.get(address).content.decode()
    assert f"under seal {seal.number}" in body
    assert proof in body
    document = json.loads(auditor.get(proof).content)
    assert document["event"]["hash"] == bytes(event.hash).hex()
    assert foreign.get(proof).status_code == 404
    assert client_of(exchange.member("viewer")).get(proof).status_code in {403, 404}
