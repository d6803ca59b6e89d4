from datetime import datetime
from typing import Any

import pytest

from mesh.registry import services
from mesh.registry.models import Service
from opinion_market.kernel import clock
from tests.api_markets.venue import Person
from tests.governance.people import a_member, a_user, an_organization, calling_as

HERE = {"address": "127.0.0.1", "port": 9001}


class Yard:
    """An operator with a mesh of their own, so that the platform's own parts are out of the way."""

    def __init__(self, mesh: str = "yard") -> None:
        user = a_user(superuser=True, staff=True)
        self.operator = Person(user, calling_as(user))
        self.mesh = mesh
        self.operator.post("microservices/mesh", {"name": mesh}, 201)

    def service(self, name: str = "pricing", **values: Any) -> Service:
        wanted = {"type": "trading", **values}
        return services.define_service(
            actor=self.operator.user, mesh=self.mesh, name=name, values=wanted, reason="wanted", now=clock.now()
        )

    def register(self, service: str = "pricing", expected: int = 201, **given: Any) -> Any:
        body = {"mesh": self.mesh, "service": service, "type": "trading", **HERE, **given}
        return self.operator.post("microservices/services", body, expected)

    def refused(self, path: str, body: object) -> tuple[int, str]:
        return self.operator.refused("post", f"microservices/{path}", body)

    def of(self, service: str = "pricing", **query: Any) -> list[dict[str, Any]]:
        path = f"microservices/services/{service}/instances"
        found: list[dict[str, Any]] = self.operator.get(path, mesh=self.mesh, **query)["results"]
        return found


@pytest.fixture
def yard(db: None) -> Yard:
    return Yard()


@pytest.fixture
def admin(db: None) -> Person:
    """The admin of an organization, who does not run the platform."""
    user = a_member(an_organization(), "admin", staff=True)
    return Person(user, calling_as(user))


@pytest.fixture
def now() -> datetime:
    return clock.now()
