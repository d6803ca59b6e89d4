"""Idempotency for what several transactions carry out together: a batch over many markets, cancelling everywhere.

Such a request first claims its key, then does its parts (each of which does no harm when repeated), then keeps the whole
answer. If it dies in between, repeating it finds the claim and completes the parts.
"""

from datetime import datetime

from django.db import transaction

from markets.trading.commands import IdempotencyKey
from opinion_market.kernel.idempotency import Answer, InvalidIdempotencyKey, Remembered
from opinion_market.kernel.models import IdempotencyRecord

# Parts are remembered under `key#<index>`, and a market's id is 36 characters.
LONGEST_KEY = 160
_BEGUN = 102  # HTTP's "processing"


def claim(key: IdempotencyKey, *, now: datetime) -> Answer | None:
    """The whole answer kept under the key, if there is one; otherwise the key is now this request's.

    Raises InvalidIdempotencyKey for one too long, IdempotencyKeyReused if it belongs to another request.
    """
    if len(key.key) > LONGEST_KEY:
        raise InvalidIdempotencyKey(f"Here an idempotency key has at most {LONGEST_KEY} characters.")
    record, _ = IdempotencyRecord.objects.get_or_create(
        caller=key.caller,
        key=key.key,
        defaults={"request_hash": key.request_hash, "status": _BEGUN, "answer": "", "created_at": now},
    )
    answer = Remembered(record.request_hash, Answer(record.status, record.answer)).answer_to(key.request_hash)
    return None if answer.status == _BEGUN else answer


@transaction.atomic
def complete(key: IdempotencyKey, answer: Answer) -> Answer:
    """Keep the whole answer; of two requests that did the same at once, both answer what the first kept."""
    record = IdempotencyRecord.objects.select_for_update(of=("self",)).get(caller=key.caller, key=key.key)
    if record.status == _BEGUN:
        record.status, record.answer = answer.status, answer.body
        record.save(update_fields=["status", "answer"])
    return Answer(record.status, record.answer)
