"""What a client may take of the hub."""

from dataclasses import dataclass

# A socket that does not answer a ping within this time of it is closed; it is pinged as often.
HEARTBEAT_S = 20


@dataclass(frozen=True, slots=True)
class Limits:
    """connections: at once, per user, or per address without one. messages_per_s: allowed to go on; `message_burst` at once.
    queue: updates of which none is dispensable that may wait for a socket; queue_characters: of all that waits. sending_s:
    how long one frame may take to be taken. lease_s: after which a process that renews nothing (every lease_renew_s) counts as
    gone, and its clients as disconnected."""

    connections: int = 200
    subscriptions: int = 100
    messages_per_s: float = 20.0
    message_burst: int = 60
    queue: int = 2_000
    queue_characters: int = 8_000_000
    sending_s: float = 30.0
    recheck_s: float = 10.0
    check_versions_s: float = 5.0
    authenticate_within_s: float = 10.0
    lease_s: float = 15.0
    lease_renew_s: float = 5.0


@dataclass(slots=True)
class TokenBucket:
    """Messages a client may still send. The times are the event loop's."""

    limits: Limits
    tokens: float
    at: float

    def take(self, at: float) -> bool:
        """Whether one more is allowed."""
        self.tokens = min(self.limits.message_burst, self.tokens + (at - self.at) * self.limits.messages_per_s)
        self.at = at
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True
