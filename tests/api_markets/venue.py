"""An organization with its staff, traders and markets, made and used over HTTP alone."""

from dataclasses import dataclass, field
from typing import Any

from rest_framework.test import APIClient

from governance.identity.models import User
from governance.organizations.models import Organization
from tests.governance.people import a_member, an_organization, calling_as

ROOT = "/api/v1"
CREDIT = 10_000


@dataclass
class Person:
    """Somebody with a client that calls as them. Paths are under /api/v1."""

    user: User
    client: APIClient

    def get(self, path: str, expected: int = 200, **query: Any) -> Any:
        return self._checked(self.client.get(f"{ROOT}/{path}", query), expected)

    def post(self, path: str, body: object = None, expected: int | None = None, key: str | None = None) -> Any:
        headers = {"Idempotency-Key": key} if key is not None else {}
        response = self.client.post(f"{ROOT}/{path}", {} if body is None else body, format="json", headers=headers)
        return self._checked(response, expected)

    def patch(self, path: str, body: object, expected: int = 200, key: str | None = None) -> Any:
        headers = {"Idempotency-Key": key} if key is not None else {}
        response = self.client.patch(f"{ROOT}/{path}", body, format="json", headers=headers)
        return self._checked(response, expected)

    def delete(self, path: str, expected: int = 200, key: str | None = None) -> Any:
        headers = {"Idempotency-Key": key} if key is not None else {}
        return self._checked(self.client.delete(f"{ROOT}/{path}", headers=headers), expected)

    def refused(self, method: str, path: str, body: object = None, key: str | None = None) -> tuple[int, str]:
        """(status, code) of a request that fails."""
        headers = {"Idempotency-Key": key} if key is not None else {}
        send = getattr(self.client, method)
        extra = {} if method == "get" else {"data": {} if body is None else body, "format": "json"}
        response = send(f"{ROOT}/{path}", headers=headers, **extra)
        assert response["Content-Type"] == "application/problem+json", response.content
        problem = response.json()
        assert problem["status"] == response.status_code
        return response.status_code, problem["code"]

    def order(self, market: str, expected: int = 201, key: str | None = None, **order: Any) -> Any:
        return self.post(f"markets/{market}/orders", an_order(**order), expected, key)

    def order_refused(self, market: str, **order: Any) -> tuple[int, str]:
        return self.refused("post", f"markets/{market}/orders", an_order(**order))

    def cash(self) -> dict[str, int]:
        (account,) = self.get("account")["accounts"]
        return account

    def _checked(self, response: Any, expected: int | None) -> Any:
        if expected is None:
            assert response.status_code in (200, 201), response.content
        else:
            assert response.status_code == expected, response.content
        return response.json() if response.content else None


def an_order(**order: Any) -> dict[str, Any]:
    return {"outcome": 0, "side": "buy", "type": "limit", "price": 5000, "quantity": 10, **order}


@dataclass
class Venue:
    """`chief` creates markets, `second` approves and resolves, `third` finalizes: all admins of one organization."""

    organization: Organization = field(default_factory=an_organization)
    chief: Person = field(init=False)
    second: Person = field(init=False)
    third: Person = field(init=False)

    def __post_init__(self) -> None:
        self.chief, self.second, self.third = (self.member("admin") for _ in range(3))
        self.chief.post(f"organizations/{self.organization.slug}/subsidy", {"units": 100_000 * CREDIT})

    def member(self, role: str = "") -> Person:
        user = a_member(self.organization, role)
        return Person(user, calling_as(user))

    def trader(self, credits: int = 1_000) -> Person:
        person = self.member()
        self.fund(person, credits)
        return person

    def fund(self, person: Person, credits: int) -> None:
        path = f"organizations/{self.organization.slug}/members/{person.user.pk}/deposit"
        self.chief.post(path, {"units": credits * CREDIT, "note": "play money"})

    def draft(self, **market: Any) -> str:
        body = {"organization": self.organization.slug, "question": "Will it rain?", "criteria": "The gauge says so."}
        return str(self.chief.post("markets", {**body, **market})["id"])

    def market(self, **market: Any) -> str:
        """An open market."""
        created = self.draft(**market)
        self.chief.post(f"markets/{created}/submit")
        self.second.post(f"markets/{created}/approve")
        self.chief.post(f"markets/{created}/open")
        return created
