"""Answers remembered under a caller's `Idempotency-Key`, so that repeating a command repeats no effect.

Free of any web framework. Whoever carries out commands looks answers up (`find_answers`), and stores new ones in the
transaction of the effect itself (`remember`, or `line` for a COPY of many), so that neither exists without the other.
A repetition while the first is still running must wait for it: take `lock` first, or hold another lock that does.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from django.db import connection

from opinion_market.kernel.bulk import copy_lines, escape
from opinion_market.kernel.errors import InvalidInput
from opinion_market.kernel.models import IdempotencyRecord

TABLE = "kernel_idempotencyrecord"
COLUMNS = ("caller", "key", "request_hash", "status", "answer", "created_at")
KEPT_FOR = timedelta(hours=24)
LONGEST_KEY = 200
_PURGE_BATCH = 10_000

CallerKey = tuple[UUID, str]


class InvalidIdempotencyKey(InvalidInput):
    """An `Idempotency-Key` has 1 to 200 printable ASCII characters."""

    code = "invalid_idempotency_key"
    title = "The idempotency key is not acceptable."


class IdempotencyKeyReused(InvalidInput):
    """The key has been used within the last 24 hours for a request with another method, path or body."""

    code: ClassVar[str] = "idempotency_key_reused"
    title = "This idempotency key belongs to another request."


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: HTTP status and body (JSON text as sent, empty for none)."""

    status: int
    body: str


@dataclass(frozen=True, slots=True)
class Remembered:
    """A stored answer with the hash of the request it belongs to."""

    request_hash: str
    answer: Answer

    def answer_to(self, request_hash: str) -> Answer:
        """The answer, if the request is the same one. Raises IdempotencyKeyReused."""
        if request_hash != self.request_hash:
            raise IdempotencyKeyReused
        return self.answer


def check_key(key: str) -> str:
    """The key itself. Raises InvalidIdempotencyKey."""
    if not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise InvalidIdempotencyKey(f"An idempotency key has 1 to {LONGEST_KEY} printable ASCII characters.")
    return key


def request_hash(method: str, path: str, body: bytes) -> str:
    """SHA-256 (hex) of what makes two requests the same."""
    return hashlib.sha256(b"\n".join((method.encode(), path.encode(), body))).hexdigest()


def lock(caller: UUID, key: str) -> None:
    """Let one transaction at a time work under this key; held until the transaction ends.

    An advisory lock on 64 bits of a hash: two keys that collide merely wait for one another.
    """
    digest = hashlib.blake2b(key.encode(), digest_size=8, key=caller.bytes).digest()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(digest, signed=True)])


def find_answers(pairs: Sequence[CallerKey]) -> dict[CallerKey, Remembered]:
    """Stored answers of many (caller, key) pairs, in one query."""
    if not pairs:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT caller, key, request_hash, status, answer FROM kernel_idempotencyrecord"
            " JOIN unnest(%s::uuid[], %s::text[]) AS asked (caller, key) USING (caller, key)",
            [[caller for caller, _ in pairs], [key for _, key in pairs]],
        )
        return {
            (caller, key): Remembered(found_hash, Answer(status, body))
            for caller, key, found_hash, status, body in cursor.fetchall()
        }


def find_answer(caller: UUID, key: str, request_hash: str) -> Answer | None:
    """The stored answer to this very request, if any. Raises IdempotencyKeyReused."""
    found = find_answers([(caller, key)]).get((caller, key))
    return found.answer_to(request_hash) if found else None


def line(caller: UUID | str, key: str, request_hash: str, answer: Answer, now: datetime) -> str:
    """One line for `copy_lines(TABLE, COLUMNS, ...)`."""
    return f"{caller}\t{escape(key)}\t{request_hash}\t{answer.status}\t{escape(answer.body)}\t{now}"


def remember_all(lines: Collection[str]) -> None:
    """Store answers made with `line`, in the current transaction, with one COPY."""
    copy_lines(TABLE, COLUMNS, lines)


def remember(*, caller: UUID, key: str, request_hash: str, answer: Answer, now: datetime) -> None:
    """Store one answer in the current transaction. Raises django.db.IntegrityError if the key has one already."""
    remember_all([line(caller, key, request_hash, answer, now)])


def purge_expired(*, now: datetime) -> int:
    """Forget answers older than 24 hours, in batches that hold few locks each; returns how many."""
    total = 0
    while True:
        expired = IdempotencyRecord.objects.filter(created_at__lt=now - KEPT_FOR).order_by("created_at")
        batch = list(expired.values_list("pk", flat=True)[:_PURGE_BATCH])
        if not batch:
            return total
        total += IdempotencyRecord.objects.filter(pk__in=batch).delete()[0]
