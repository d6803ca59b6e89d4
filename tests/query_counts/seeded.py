"""A small venue in which every kind of row exists, and how each endpoint is asked for something real in it."""

import re
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import uuid4

from markets.trading.memory import stream_of
from mesh.registry.platform_parts import register_platform
from opinion_market.kernel import clock
from tests.api_markets.venue import Person, Venue
from tests.console.scene import catch_up
from tests.governance.people import a_user, calling_as

ROOT = "/api/v1/"
_PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: who sends it, where to, and with which body."""

    person: Person
    path: str
    body: object = None
    format: str = "json"


@dataclass
class Seeded:
    """`chief`, an admin who trades, calls wherever a recipe does not say otherwise."""

    venue: Venue = field(default_factory=Venue)

    def __post_init__(self) -> None:
        self.venue.fund(self.venue.chief, 10_000)
        self.chief, self.bob = self.venue.chief, self.venue.trader()
        self.market = self.venue.market(is_public=True, house_liquidity=50)
        self.order = ""
        self.key = self.chief.post("api-keys", {"name": "first"})["id"]
        slug = self.venue.organization.slug
        self.group = self.chief.post("market-groups", {"organization": slug, "question": "Who gets in?"})["id"]
        offer = {"name": "Quotes", "market": self.market, "budget": 24, "hours": 24, "max_distance": 3_000}
        self.campaign = self.chief.post("reward-campaigns", {"organization": slug, **offer})["id"]
        link = {"url": "https://example.org/gauge", "title": "The gauge"}
        self.evidence = self.chief.post(f"markets/{self.market}/evidence/links", link)["id"]
        self.comment = ""
        self.chief.client.put(f"{ROOT}watchlist/{self.market}")
        self._seed_mesh()
        self.grow(1)

    def _seed_mesh(self) -> None:
        root = a_user(superuser=True)
        self.operator, self._ports = Person(root, calling_as(root)), count(1)
        register_platform(node="here", sockets={"web": "web.sock", "realtime": "realtime.sock"}, now=clock.now())
        self.instance = self.register_instance(type="trading")["id"]
        ends = {"caller": "web", "called": "pricing"}
        self.dependency = self.operator.post("microservices/dependencies", ends, 201)["id"]

    def register_instance(self, service: str = "pricing", **given: object) -> dict[str, Any]:
        """An instance with a lease, at a port that none has yet."""
        body = {"service": service, "address": "10.0.0.7", "port": next(self._ports), "lease_s": 60, **given}
        made: dict[str, Any] = self.operator.post("microservices/services", body, 201)
        return made

    def grow(self, times: int) -> None:
        """More of everything that lists show."""
        for _ in range(times):
            self.register_instance()
            self.bob.order(self.market, side="sell", price=6000, quantity=2)
            self.order = self.chief.order(self.market, price=9800, quantity=5)["id"]
            self.chief.order(self.market, price=2000 + times, quantity=1)
            self.bob.order(self.market, price=9000, quantity=1)
            self.chief.order(self.venue.market(is_public=True), price=4000, quantity=1)
            self.chief.post("api-keys", {"name": "another"})
            # By somebody new each time: how often one may comment is bounded.
            self.comment = self.venue.trader().post(f"markets/{self.market}/comments", {"text": "It will rain."})["id"]
        catch_up()

    def parameters(self) -> dict[str, object]:
        """What stands for each of the addresses' parameters, by its name."""
        return {
            "market_id": self.market,
            "order_id": self.order,
            "reference": self.venue.organization.slug,
            "user_id": self.bob.user.pk,
            "api_key_id": self.key,
            "stream": stream_of(self.market),
            "comment_id": self.comment,
            "evidence_id": self.evidence,
            "group_id": self.group,
            "campaign_id": self.campaign,
            "service_name": "pricing",
            "instance_id": self.instance,
            "dependency_id": self.dependency,
        }

    def filled(self, address: str, **given: object) -> str:
        """The address with its parameters. One that is not known becomes a random id, which finds nothing."""
        known = {**self.parameters(), **given}
        return _PARAMETER.sub(lambda found: str(known.get(found[2], uuid4())), address)

    def resting_order(self) -> str:
        return str(self.chief.order(self.market, price=1500, quantity=1)["id"])
