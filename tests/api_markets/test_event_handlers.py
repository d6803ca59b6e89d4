"""When something happens, what staff configured is done: signed webhooks, commands, entries in the audit trail."""

import hashlib
import hmac
import json
import socket
import ssl
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from auditlog.models import LogEntry
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from opinion_market.eventstore import command_queue, deliveries, handlers
from opinion_market.eventstore.errors import UnsafeAddress
from opinion_market.eventstore.models import Delivery, EventHandler, QueuedCommand
from opinion_market.eventstore.read import read_stream
from opinion_market.eventstore.webhooks import safe_address
from opinion_market.kernel import clock
from tests.api_markets.venue import CREDIT, Person, Venue
from tests.governance.people import a_user, calling_as

HANDLERS = "event-sourcing/handlers"


class Receiver:
    """A web server that notes what it is sent and answers with `status`."""

    def __init__(self) -> None:
        self.status, self.received = 200, list[tuple[dict[str, str], bytes]]()
        receiver = self

        class Noting(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append((dict(self.headers), body))
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self.server = HTTPServer(("127.0.0.1", 0), Noting)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?of=tests"
        self.thread = Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.WEBHOOK_PRIVATE_ADDRESSES = True
    made = Receiver()
    yield made
    made.server.shutdown()
    made.thread.join()
    made.server.server_close()


def configure(person: Person, venue: Venue, event_type: str, action: str, settings: Any, **more: Any) -> dict[str, Any]:
    body = {"name": "Newsroom", "organization": str(venue.organization.pk), "event_type": event_type, "action": action,
            "settings": settings, **more}  # fmt: skip
    return person.post(HANDLERS, body, 201)


def happen(*streams: str) -> None:
    """Give the handlers the streams' events: those of a test's open transaction are not yet given to subscribers."""
    for stream in streams:
        handlers.note_deliveries(list(read_stream(stream)))


def work(after_s: float = 1) -> int:
    at = clock.now() + timedelta(seconds=after_s)
    return deliveries.deliver_due(clock=lambda: at, seconds=60)


def log_of(person: Person, handler: dict[str, Any]) -> list[tuple[str, int]]:
    rows = person.get(f"{HANDLERS}/{handler['id']}/deliveries")["results"]
    return [(row["state"], row["attempts"]) for row in rows]


def test_a_webhook_tells_of_the_event_once_and_is_signed(venue: Venue, receiver: Receiver) -> None:
    handler = configure(venue.chief, venue, "MarketHalted", "webhook", {"url": receiver.url})
    market = venue.market()
    venue.chief.post(f"markets/{market}/halt", {"reason": "Storm"})
    happen(f"market-{market}", f"market-{market}")
    assert work() == 1
    assert work() == 0
    ((headers, body),) = receiver.received
    event = json.loads(body)["event"]
    assert (event["type"], event["data"]["reason"], event["stream"]) == ("MarketHalted", "Storm", f"market-{market}")
    stamped = f"{headers['X-Opinion-Market-Timestamp']}.".encode() + body
    right = hmac.new(handler["signing_secret"].encode(), stamped, hashlib.sha256).hexdigest()
    assert headers["X-Opinion-Market-Signature"] == f"v1={right}"
    assert log_of(venue.chief, handler) == [("succeeded", 1)]


def certificate_for(name: str, folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate and its key, as files."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(clock.now() - timedelta(days=1))
        .not_valid_after(clock.now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    encoding = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    paths[1].write_bytes(key.private_bytes(*encoding))
    return paths


@pytest.mark.parametrize(("name", "state"), [("localhost", "succeeded"), ("elsewhere.example.org", "pending")])
def test_an_encrypted_webhook_goes_to_whom_the_certificate_names(
    venue: Venue, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, state: str
) -> None:
    certificate, key = certificate_for(name, tmp_path)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(certificate, key)
    receiver.server.socket = served.wrap_socket(receiver.server.socket, server_side=True)
    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)

    def resolve(host: str, port: int, *args: object, **kwargs: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    url = f"https://localhost:{receiver.server.server_port}/"
    handler = configure(venue.chief, venue, "MarketHalted", "webhook", {"url": url})
    market = venue.market()
    venue.chief.post(f"markets/{market}/halt", {"reason": "Storm"})
    happen(f"market-{market}")
    work()
    assert log_of(venue.chief, handler) == [(state, 1)]
    assert ("CERTIFICATE_VERIFY_FAILED" in Delivery.objects.get().answer) == (state == "pending")
    assert len(receiver.received) == (state == "succeeded")


def test_the_subscription_reads_only_what_some_handler_is_for(venue: Venue) -> None:
    assert list(handlers.HANDLERS.current_types()) == []
    configure(venue.chief, venue, "MarketHalted", "audit_entry", {"note": "x"})
    configure(venue.second, venue, "MarketHalted", "audit_entry", {"note": "y"})
    off = configure(venue.chief, venue, "MarketOpened", "audit_entry", {"note": "z"})
    venue.chief.client.patch(f"/api/v1/{HANDLERS}/{off['id']}", {"is_active": False}, format="json")
    assert list(handlers.HANDLERS.current_types()) == ["MarketHalted"]


def test_only_fitting_events_of_its_own_organization_and_time_start_a_handler(
    venue: Venue, elsewhere: Venue, receiver: Receiver
) -> None:
    earlier = venue.market()
    venue.chief.post(f"markets/{earlier}/halt", {"reason": "Storm"})
    handler = configure(
        venue.chief, venue, "MarketHalted", "webhook", {"url": receiver.url}, filter={"reason": "Storm"}
    )
    mine, other, foreign = venue.market(), venue.market(), elsewhere.market()
    venue.chief.post(f"markets/{mine}/halt", {"reason": "Storm"})
    venue.chief.post(f"markets/{other}/halt", {"reason": "Fire"})
    elsewhere.chief.post(f"markets/{foreign}/halt", {"reason": "Storm"})
    happen(*(f"market-{market}" for market in (earlier, mine, other, foreign)))
    work()
    assert [json.loads(body)["event"]["stream"] for _, body in receiver.received] == [f"market-{mine}"]
    venue.chief.client.patch(f"/api/v1/{HANDLERS}/{handler['id']}", {"is_active": False}, format="json")
    again = venue.market()
    venue.chief.post(f"markets/{again}/halt", {"reason": "Storm"})
    happen(f"market-{again}")
    assert work() == 0


def test_a_receiver_that_fails_is_tried_again_later_and_disabled_in_the_end(venue: Venue, receiver: Receiver) -> None:
    receiver.status = 503
    handler = configure(venue.chief, venue, "MarketHalted", "webhook", {"url": receiver.url})
    markets = [venue.market() for _ in range(deliveries.DISABLE_AFTER)]
    for market in markets:
        venue.chief.post(f"markets/{market}/halt", {"reason": "Storm"})
    happen(f"market-{markets[0]}")
    assert (work(1), work(2)) == (1, 0)
    receiver.status = 204
    assert work(7) == 1
    assert log_of(venue.chief, handler) == [("succeeded", 2)]
    receiver.status = 500
    happen(*(f"market-{market}" for market in markets[1:]))
    for attempt in range(1, 1 + deliveries.MOST_ATTEMPTS):
        work(10_000 * attempt)
    told = venue.chief.get(f"{HANDLERS}/{handler['id']}")
    assert (told["failures"], told["is_active"]) == (deliveries.DISABLE_AFTER - 1, True)
    fifth = venue.market()
    venue.chief.post(f"markets/{fifth}/halt", {"reason": "Storm"})
    happen(f"market-{fifth}")
    for attempt in range(10, 10 + deliveries.MOST_ATTEMPTS):
        work(10_000 * attempt)
    told = venue.chief.get(f"{HANDLERS}/{handler['id']}")
    assert (told["is_active"], told["disabled_reason"]) == (False, "5 deliveries in a row were given up.")
    assert [event.type for event in read_stream(f"handler-{handler['id']}")][-1] == "EventHandlerDisabled"
    answer = venue.chief.client.patch(f"/api/v1/{HANDLERS}/{handler['id']}", {"is_active": True}, format="json")
    assert (answer.json()["failures"], answer.json()["disabled_reason"]) == (0, "")


def test_a_handler_gives_a_command_that_starts_no_handler_itself(venue: Venue) -> None:
    settings = {"command": "HaltMarket", "input": {"market": "$event.id", "reason": "Opened too early"}}
    configure(venue.chief, venue, "MarketOpened", "command", settings)
    entry = configure(venue.chief, venue, "MarketHalted", "audit_entry", {"note": "A market was halted"})
    market = venue.market()
    happen(f"market-{market}")
    assert work() == 1
    at = clock.now() + timedelta(seconds=10)
    assert command_queue.run_due(now=at, clock=lambda: at) == 1
    assert QueuedCommand.objects.get().state == "succeeded"
    assert venue.chief.get(f"markets/{market}")["status"] == "halted"
    happen(f"market-{market}")
    assert (work(), log_of(venue.chief, entry)) == (0, [])


def test_an_entry_in_the_audit_trail_names_the_event(venue: Venue) -> None:
    configure(
        venue.chief, venue, "FundsDeposited", "audit_entry", {"note": "Large deposit"}, filter={"units": 500 * CREDIT}
    )
    trader = venue.trader(500)
    venue.fund(trader, 1)
    happen(f"account-{trader.get('account')['accounts'][0]['id']}")
    assert work() == 1
    (entry,) = LogEntry.objects.filter(
        additional_data__organization_id=str(venue.organization.pk), changes__has_key="event"
    )
    assert entry.changes["deed"] == ["", "Large deposit"]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://localhost:8000/", "http://10.0.0.1/", "http://192.168.1.1/", "http://169.254.169.254/",
        "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[fd00::1]/", "http://0.0.0.0/", "http://224.0.0.1/",
        "http://[64:ff9b::a00:1]/", "http://[2002:a00:1::]/", "http://2130706433/", "http://0x7f.1/",
        "ftp://example.org/", "file:///etc/passwd", "//example.org", "http://", "http://user:secret@1.1.1.1/",
        "http://1.1.1.1:99999/",
    ],
)  # fmt: skip
def test_no_webhook_reaches_our_own_network(venue: Venue, url: str) -> None:
    body = {"name": "x", "organization": str(venue.organization.pk), "event_type": "MarketHalted", "action": "webhook",
            "settings": {"url": url}}  # fmt: skip
    assert venue.chief.refused("post", HANDLERS, body) == (422, "unsafe_address")


def test_a_name_that_leads_to_us_later_is_refused_then(venue: Venue, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = ["93.184.215.14"]

    def resolve(*args: object, **kwargs: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers[0], 80))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert safe_address("http://rebinding.example.org/")[1] == "93.184.215.14"
    handler = configure(venue.chief, venue, "MarketHalted", "webhook", {"url": "http://rebinding.example.org/"})
    market = venue.market()
    venue.chief.post(f"markets/{market}/halt", {"reason": "Storm"})
    happen(f"market-{market}")
    answers[0] = "10.1.2.3"
    with pytest.raises(UnsafeAddress):
        safe_address("http://rebinding.example.org/")
    work()
    assert log_of(venue.chief, handler) == [("pending", 1)]
    assert Delivery.objects.get().answer.startswith("UnsafeAddress")


@pytest.mark.parametrize("is_encrypted", [False, True])
def test_a_receiver_that_never_ends_its_answer_does_not_hold_a_worker(
    venue: Venue, settings: Any, monkeypatch: pytest.MonkeyPatch, is_encrypted: bool
) -> None:
    settings.WEBHOOK_PRIVATE_ADDRESSES = True
    monkeypatch.setattr("opinion_market.eventstore.webhooks.DEADLINE_S", 1.0)
    scheme = "https" if is_encrypted else "http"
    listening = socket.create_server(("127.0.0.1", 0))
    is_over = Event()

    def drip() -> None:
        connected, _ = listening.accept()
        with connected:
            # Encrypted: the beginning of a record of 16 kB that never ends.
            connected.sendall(b"\x16\x03\x03\x40\x00" if is_encrypted else b"HTTP/1.")
            while not is_over.wait(0.2):
                try:
                    connected.sendall(b"x")
                except OSError:
                    return

    thread = Thread(target=drip, daemon=True)
    thread.start()
    url = f"{scheme}://127.0.0.1:{listening.getsockname()[1]}/"
    handler = configure(venue.chief, venue, "MarketHalted", "webhook", {"url": url})
    market = venue.market()
    venue.chief.post(f"markets/{market}/halt", {"reason": "Storm"})
    happen(f"market-{market}")
    started_s = time.monotonic()
    work()
    is_over.set()
    thread.join()
    listening.close()
    assert time.monotonic() - started_s < 4
    assert log_of(venue.chief, handler) == [("pending", 1)]


def test_handlers_are_for_those_who_may_configure_and_audit(venue: Venue, elsewhere: Venue) -> None:
    handler = configure(venue.chief, venue, "MarketHalted", "audit_entry", {"note": "x"})
    assert [row["id"] for row in venue.second.get(HANDLERS)["results"]] == [handler["id"]]
    assert elsewhere.chief.get(HANDLERS)["results"] == []
    for path in (f"{HANDLERS}/{handler['id']}", f"{HANDLERS}/{handler['id']}/deliveries"):
        assert elsewhere.chief.refused("get", path) == (404, "event_handler_not_found")
    changed = elsewhere.chief.client.patch(f"/api/v1/{HANDLERS}/{handler['id']}", {"name": "y"}, format="json")
    assert changed.status_code == 404
    body = {"name": "x", "organization": str(venue.organization.pk), "event_type": "X", "action": "audit_entry",
            "settings": {"note": "x"}}  # fmt: skip
    assert elsewhere.chief.refused("post", HANDLERS, body) == (403, "permission_missing")
    assert venue.member("auditor").refused("post", HANDLERS, body) == (403, "permission_missing")
    assert venue.chief.refused("post", HANDLERS, {**body, "organization": None}) == (403, "not_permitted")
    root = a_user(superuser=True)
    assert Person(root, calling_as(root)).post(HANDLERS, {**body, "organization": None}, 201)["organization"] is None


@pytest.mark.parametrize(
    "changes",
    [
        {"action": "teleport"}, {"settings": {}}, {"settings": {"note": "x", "more": 1}}, {"filter": {"fills": [1]}},
        {"name": "  "},
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused(venue: Venue, changes: dict[str, Any]) -> None:
    body = {"name": "x", "organization": str(venue.organization.pk), "event_type": "X", "action": "audit_entry",
            "settings": {"note": "x"}, **changes}  # fmt: skip
    assert venue.chief.refused("post", HANDLERS, body)[0] == 422
    assert not EventHandler.objects.exists()


def test_nobody_configures_a_command_they_may_not_give(venue: Venue) -> None:
    body = {"name": "x", "organization": str(venue.organization.pk), "event_type": "X", "action": "command",
            "settings": {"command": "rebuild_projection", "input": {"projection": "event_statistics"}}}  # fmt: skip
    assert venue.chief.refused("post", HANDLERS, body) == (403, "not_permitted")
    names = {each["name"] for each in venue.chief.get(f"{HANDLERS}/actions")}
    assert names == {"audit_entry", "command", "webhook"}
