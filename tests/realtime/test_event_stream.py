"""`GET /api/v1/stream`: the same frames as events."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.realtime.served import a_key


@contextmanager
def streaming(served, user, channels, last_event_id=None):
    url = f"http://127.0.0.1:{served.port}/api/v1/stream"
    headers = {"Accept": "text/event-stream", "X-API-Key": a_key(user)}
    if last_event_id is not None:
        headers["Last-Event-ID"] = last_event_id
    with (
        httpx.Client(timeout=10, trust_env=False) as client,
        client.stream("GET", url, params={"channels": channels}, headers=headers) as response,
    ):
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        yield events_in(response)


def events_in(response) -> Iterator[dict]:
    """Frames, each with its event's id, as `event_id`."""
    kind = event_id = ""
    for line in response.iter_lines():
        if line.startswith("id: "):
            event_id = line[4:]
        elif line.startswith("event: "):
            kind = line[7:]
        elif line.startswith("data: "):
            frame = json.loads(line[6:])
            assert frame["type"] == kind
            yield {**frame, "event_id": event_id}


def refusal(served, query, **headers):
    answer = httpx.get(f"http://127.0.0.1:{served.port}/api/v1/stream{query}", headers=headers, trust_env=False)
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def test_a_stream_begins_with_snapshots_and_goes_on_with_updates(served, venue):
    market, ann = venue.market(house_liquidity=100), venue.trader()
    with streaming(served, ann.user, f"market:{market},orders") as events:
        assert next(events)["user"] == str(ann.user.pk)
        begun = [next(events) for _ in range(4)]
        assert [each["type"] for each in begun] == ["subscription_confirmed", "initial_data"] * 2
        ann.order(market, price=9000, quantity=1)
        kinds = set()
        while not {"trades", "book", "fills", "orders"} <= kinds:
            kinds.add(next(events)["data"]["kind"])


def snapshots(events, frames=5):
    frames = [next(events) for _ in range(frames)]
    return [frame["data"] for frame in frames if frame["type"] == "initial_data"], frames[-1]["event_id"]


def test_a_browser_that_reconnects_gets_the_trades_and_fills_it_missed(served, venue):
    market, ann = venue.market(house_liquidity=100), venue.trader()
    channels = f"orders,market:{market}"
    with streaming(served, ann.user, channels) as events:
        _, last_id = snapshots(events)
        ann.order(market, price=9000, quantity=1)
        seen = {}
        while not {"trades", "fills"} <= set(seen):
            frame = next(events)
            seen[frame["data"]["kind"]] = frame
            last_id = frame["event_id"]
    for _ in range(3):
        ann.order(market, price=9000, quantity=1)
    for _ in range(2):  # it may be lost before it has read anything, and comes with the same id again
        with streaming(served, ann.user, channels, last_id) as events:
            assert next(events)["event_id"] == last_id
            (orders, watched), newest_id = snapshots(events, 4)
            assert (orders["resumed"], watched["resumed"]) == (True, True)
            assert [fill["sequence"] for fill in orders["fills"]] == [4, 3, 2]
            assert [trade["sequence"] for trade in watched["trades"]] == [2, 3, 4]
    with streaming(served, ann.user, channels, newest_id) as events:
        (orders, watched), _ = snapshots(events)
        assert (orders["fills"], watched["trades"]) == ([], [])


def test_an_id_that_is_none_of_ours_begins_anew(served, venue):
    market, ann = venue.market(house_liquidity=100), venue.trader()
    ann.order(market, price=9000, quantity=1)
    for nonsense in ("x", "0=x,1=x", "0=99,1=99", "7=1", "=,=", "0=1"):
        with streaming(served, ann.user, f"market:{market},orders", nonsense) as events:
            (watched, orders), _ = snapshots(events)
            assert orders["resumed"] is None
            assert watched["resumed"] is (True if nonsense == "0=1" else None)


def test_what_may_not_be_streamed_is_refused_as_a_problem(served, venue, elsewhere):
    secret = elsewhere.market()
    key = a_key(venue.trader().user)
    assert refusal(served, f"?channels=market:{secret}", **{"X-API-Key": "om_x"}) == (401, "invalid_credentials")
    assert refusal(served, f"?channels=market:{secret}", **{"X-API-Key": key}) == (404, "market_not_found")
    assert refusal(served, "?channels=orders") == (401, "not_authenticated")
    assert refusal(served, "") == (422, "invalid_frame")
    assert refusal(served, f"?channels=orders&api_key={key}") == (403, "credentials_in_url")


def test_the_rest_of_the_site_is_served_beside(served):
    answer = httpx.get(f"http://127.0.0.1:{served.port}/api/v1/nowhere", trust_env=False)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
