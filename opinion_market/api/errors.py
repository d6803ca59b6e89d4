"""Failures of the HTTP surface itself. What a domain refuses stands beside that domain."""

from opinion_market.kernel.errors import DomainError, InvalidInput


class MalformedRequest(DomainError):
    """The body is not JSON in UTF-8, or a text holds a NUL character."""

    code = "malformed_request"
    status = 400
    title = "The request cannot be read."


class NotAuthenticated(DomainError):
    """The request carries no credentials, and this needs some: an API key, a token or a session."""

    code = "not_authenticated"
    status = 401
    title = "Sign in first."


class InvalidCredentials(DomainError):
    """The key, token or password is wrong, expired or revoked, or its user is no longer active."""

    code = "invalid_credentials"
    status = 401
    title = "These credentials are not accepted."


class MethodNotAllowed(DomainError):
    """The address exists, but not with this method; the `Allow` header lists those it has."""

    code = "method_not_allowed"
    status = 405
    title = "This method is not available here."


class BodyTooLarge(DomainError):
    """The body is larger than the server accepts."""

    code = "body_too_large"
    status = 413
    title = "The body is too large."


class UnsupportedMediaType(DomainError):
    """Bodies are JSON: send `Content-Type: application/json`."""

    code = "unsupported_media_type"
    status = 415
    title = "Only application/json is accepted."


class InvalidCursor(InvalidInput):
    """The cursor was altered, or made for another list. Start again without one."""

    code = "invalid_cursor"
    title = "The cursor does not belong to this list."


class TooManyRequests(DomainError):
    """Wait as many seconds as the `Retry-After` header says."""

    code = "too_many_requests"
    status = 429
    title = "Too many requests."


class InternalError(DomainError):
    """A fault on our side. The correlation id finds it in the logs."""

    code = "internal_error"
    status = 500
    title = "Something went wrong on our side."


class NotReady(DomainError):
    """A service this one depends on does not answer; `data.failed` names it."""

    code = "not_ready"
    status = 503
    title = "Not ready to serve."
