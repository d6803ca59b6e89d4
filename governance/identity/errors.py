"""What API keys and tokens refuse."""

from opinion_market.kernel.errors import InvalidInput, NotFound, NotPermitted


class ApiKeyNotFound(NotFound):
    code = "api_key_not_found"
    title = "You have no such API key."


class InvalidExpiry(InvalidInput):
    """An API key must expire in the future, or never."""

    code = "invalid_expiry"
    title = "The expiry must lie in the future."


class ScopeTooNarrow(NotPermitted):
    """The API key is valid but its scope does not cover this request; `data.required` names the scope that would."""

    code = "scope_too_narrow"
    title = "The API key's scope does not cover this."


class CsrfFailed(NotPermitted):
    """A browser session must send the CSRF token with every change. Programs use an API key or a token instead."""

    code = "csrf_failed"
    title = "The CSRF token is missing or wrong."
