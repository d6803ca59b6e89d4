"""The tree of anticipated failures.

Each subclass stands beside the code that raises it, has a stable `code` that clients may rely on, the HTTP `status` it
becomes, and a `title` that never changes; the message says what happened this time and `data` carries figures a client
can act on. `opinion_market.api.problems` renders the tree as RFC 9457 problem details and lists all codes in the docs.

    DomainError
    +-- InvalidInput (422)      the request is understood and refused for its values
    +-- NotPermitted (403)      the caller may not do this
    +-- NotFound (404)          there is no such thing, or none that the caller may see
    +-- Conflict (409)          the state of the thing forbids it now
"""

from collections.abc import Mapping
from typing import ClassVar

JsonValue = str | int | float | bool | None | list[object] | Mapping[str, object]


class DomainError(Exception):
    """An anticipated failure. Nothing has been changed when one is raised out of a service."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "The request could not be carried out."

    def __init__(self, message: str = "", **data: JsonValue) -> None:
        self.message = message or self.title
        self.data: dict[str, JsonValue] = data
        super().__init__(self.message)


class InvalidInput(DomainError):
    code = "invalid_input"
    status = 422
    title = "A value is not acceptable."


class NotPermitted(DomainError):
    code = "not_permitted"
    status = 403
    title = "You may not do this."


class NotFound(DomainError):
    code = "not_found"
    status = 404
    title = "There is no such thing, or none that you may see."


class Conflict(DomainError):
    code = "conflict"
    status = 409
    title = "The present state does not allow this."
