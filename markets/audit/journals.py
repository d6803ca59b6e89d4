"""A market's postings compared with what its replayed events move."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from markets.audit.result import Findings
from markets.engine.state import MarketState
from markets.ledger.models import Posting
from opinion_market.eventstore.read import RecordedEvent

# Which event, or which transaction's events, moved the cash; and on which account.
Line = tuple[int, int]
# Positions per query.
PART = 10_000


class Journals:
    """What a market's events move: per event on everybody's accounts, per transaction on the market's own (ADR 0025)."""

    def __init__(self) -> None:
        self._moved: dict[int, Mapping[int, int]] = {}
        self._transactions: dict[int, int] = {}

    def add(self, event: RecordedEvent, moves: Mapping[int, int]) -> None:
        """Note an event's change of balance by account, in units."""
        if moves:
            self._moved[event.position] = moves
            self._transactions[event.position] = event.transaction_id

    def compare(self, state: MarketState, found: Findings) -> None:
        """Compare with the postings. Reads all of the market's."""
        rules = state.rules
        own = {rules.escrow_account, rules.fee_account} if rules is not None else set()
        replayed: dict[Line, int] = defaultdict(int)
        for position, moves in self._moved.items():
            for account, delta in moves.items():
                replayed[self._line(position, account, own)] += delta
        posted: dict[Line, int] = defaultdict(int)
        for position, account, delta in self._postings():
            posted[self._line(position, account, own)] += delta
        for line in sorted(replayed.keys() | posted.keys()):
            cause = "transaction" if line[1] in own else "event"
            subject = f"{cause} {line[0]} of market {state.market_id}, account {line[1]}"
            found.compare(subject, expected=replayed.get(line, 0), found=posted.get(line, 0))

    def _line(self, position: int, account: int, own: set[int]) -> Line:
        return self._transactions[position] if account in own else position, account

    def _postings(self) -> Iterator[tuple[int, int, int]]:
        positions = sorted(self._moved)
        for start in range(0, len(positions), PART):
            part = positions[start : start + PART]
            # The range is for the index, which knows blocks only.
            rows = Posting.objects.filter(event_position__range=(part[0], part[-1]), event_position__in=part).order_by()
            yield from rows.values_list("event_position", "account_id", "delta_units")
