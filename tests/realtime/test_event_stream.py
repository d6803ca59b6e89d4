"""`GET /api/v1/stream`: the same frames as events."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.realtime.served import a_key


@contextmanager
def streaming(served, user, channels):
    url = f"http://127.0.0.1:{served.port}/api/v1/stream"
    headers = {"Accept": "text/event-stream", "X-API-Key": a_key(user)}
    with (
        httpx.Client(timeout=10, trust_env=False) as client,
        client.stream("GET", url, params={"channels": channels}, headers=headers) as response,
    ):
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        yield events_in(response)


def events_in(response) -> Iterator[dict]:
    kind = ""
    for line in response.iter_lines():
        if line.startswith("event: "):
            kind = line[7:]
        elif line.startswith("data: "):
            frame = json.loads(line[6:])
            assert frame["type"] == kind
            yield frame


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
