"""Account statements that prove themselves: every line with its event's hash and the path from it to a signed seal.

An event of a market concerns several traders, and a statement is for one. The whole event is shown only if it is the
owner's own: of a kind in `_OWN`, with no account of another trader in it. Of all others the statement gives the hash: that it
is sealed is proved, and that it moves what the line says is signed (the statement as a whole is). Whoever may read the event
can compare it with the hash; nobody, we included, can put another in its place.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max, Min, Q

from markets.ledger.errors import StatementTooLong
from markets.ledger.models import Account, Posting
from markets.ledger.selectors import trader_accounts
from opinion_market.eventstore.hashing import canonical_json
from opinion_market.eventstore.models import Seal
from opinion_market.eventstore.proofs import Inclusion, event_document, inclusion_document, inclusions, seal_document
from opinion_market.eventstore.read import RecordedEvent, events_at
from opinion_market.eventstore.seal_keys import signing_key
from opinion_market.kernel.clock import microseconds

FORMAT = "opinion-market account statement 1"
# Each line may lie under a seal of its own; this many take a few seconds.
MOST_LINES = 5_000

# Kinds of events that may be the owner's own, and the fields that somebody has thought about: one more, and it is not shown.
_OWN: dict[str, frozenset[str]] = {
    "FundsDeposited": frozenset({"account", "units", "note", "cash"}),
    "FundsWithdrawn": frozenset({"account", "units", "note", "cash"}),
    "SetsMinted": frozenset({"account", "quantity", "cash"}),
    "SetsMerged": frozenset({"account", "quantity", "cash"}),
    "OrderPlaced": frozenset({"order", "self_trades", "fills", "rest", "rest_stock", "cancelled", "cash"}),
}


def signed_statement(
    *,
    owner_id: UUID,
    organization_ids: Collection[UUID],
    since: datetime | None,
    until: datetime | None,
    now: datetime,
) -> dict[str, Any]:
    """The owner's accounts in these organizations, with what moved them at since <= time < until; signed.

    Lines are whole runs of an account's entries, so that balances follow from one another: one entry recorded a moment out of
    turn may stand at an edge. Raises StatementTooLong, SealBroken, ArchiveDamaged.
    """
    accounts = list(trader_accounts(owner_id=owner_id, organization_ids=list(organization_ids)).order_by("pk"))
    lines = {account.pk: _lines(account, since, until) for account in accounts}
    if sum(map(len, lines.values())) > MOST_LINES:
        raise StatementTooLong(maximum=MOST_LINES)
    events = {
        event.position: event for event in events_at({each.event_position for own in lines.values() for each in own})
    }
    proofs = inclusions([event.key for event in events.values()])
    shown = _own_events(accounts, events)
    seals: dict[int, Seal] = {proof.seal.number: proof.seal for proof in proofs.values()}
    key = signing_key()
    document: dict[str, Any] = {
        "format": FORMAT,
        "owner": str(owner_id),
        "from_us": None if since is None else microseconds(since),
        "to_us": None if until is None else microseconds(until),
        "generated_at_us": microseconds(now),
        "accounts": [
            {
                "account": account.pk,
                "organization": str(account.organization_id),
                "organization_slug": account.organization.slug,
                **_balances(account, lines[account.pk], until),
                "lines": [_line(each, events[each.event_position], proofs, shown) for each in lines[account.pk]],
            }
            for account in accounts
        ],
        "seals": [seal_document(seals[number]) for number in sorted(seals)],
        "key_id": key.id,
        "public_key": key.public_key.hex(),
    }
    signed = b"opinion-market statement 1\n" + canonical_json(document)
    return {**document, "signature": key.sign(signed).hex()}


def _lines(account: Account, since: datetime | None, until: datetime | None) -> list[Posting]:
    """From the first entry at `since` or later to the last before `until`, oldest first, up to one too many."""
    own = Posting.objects.filter(account=account).order_by()
    edges = own.aggregate(
        first=Min("id", filter=Q() if since is None else Q(recorded_at__gte=since)),
        last=Max("id", filter=Q() if until is None else Q(recorded_at__lt=until)),
    )
    if edges["first"] is None or edges["last"] is None:
        return []
    return list(own.filter(id__gte=edges["first"], id__lte=edges["last"]).order_by("id")[: MOST_LINES + 1])


def _balances(account: Account, lines: Sequence[Posting], until: datetime | None) -> dict[str, int]:
    if lines:
        opening, closing = lines[0].balance_after_units - lines[0].delta_units, lines[-1].balance_after_units
    else:
        before = Posting.objects.filter(account=account).order_by("-id")
        if until is not None:
            before = before.filter(recorded_at__lt=until)
        opening = closing = before.values_list("balance_after_units", flat=True).first() or 0
    return {"opening_balance": opening, "closing_balance": closing}


def _line(
    posting: Posting, event: RecordedEvent, proofs: Mapping[int, Inclusion], shown: Collection[int]
) -> dict[str, Any]:
    proof = proofs.get(event.position)
    line: dict[str, Any] = {
        "id": posting.pk,
        "event_position": event.position,
        "stream": event.stream,
        "version": event.version,
        "recorded_at_us": microseconds(posting.recorded_at),
        "reason": posting.reason,
        "units": posting.delta_units,
        "balance_after": posting.balance_after_units,
        "event_hash": event.hash.hex(),
        "inclusion": None if proof is None else inclusion_document(proof),
    }
    if event.position in shown:
        line["event"] = event_document(event)
    return line


def _own_events(accounts: Sequence[Account], events: Mapping[int, RecordedEvent]) -> set[int]:
    """Positions of the events that concern nobody but the owner, markets and organizations. One query."""
    parties = {
        position: set(_parties(event.recorded_data))
        for position, event in events.items()
        if event.recorded_data.keys() <= _OWN.get(event.type, frozenset())
    }
    named = {account for found in parties.values() for account in found}
    impersonal = Account.objects.filter(pk__in=named).exclude(kind=Account.Kind.TRADER).values_list("pk", flat=True)
    allowed = {account.pk for account in accounts} | set(impersonal)
    return {position for position, found in parties.items() if found <= allowed}


def _parties(data: Mapping[str, Any]) -> Iterator[int]:
    """Every account that an event of a kind in `_OWN` names."""
    yield from (account for account, _, _ in data.get("cash", ()))
    if "account" in data:
        yield data["account"]
    if "order" in data:
        yield data["order"]["account"]
    yield from (fill["maker_account"] for fill in data.get("fills", ()))
