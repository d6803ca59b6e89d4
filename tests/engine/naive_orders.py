"""The words of the naive exchange: a wish to own contracts, a trade, a refusal."""

from dataclasses import dataclass, field

SET = 10_000


class Refused(Exception):
    """The command is refused, for the reason given."""


@dataclass
class Wish:
    """An order, in terms of what its owner wants to own and what it may cost. `aside` holds one entry per resting contract:

    "contracts" where the owner put aside one of every unwanted outcome to deliver, or "cash" where it will pay.
    """

    name: str
    owner: int
    wants: frozenset[int]
    limit: int
    quantity: int
    expires: int | None = None
    post_only: bool = False
    reduce_only: bool = False
    side: str = "buy"
    lost: int = 0  # contracts wanted once and given up
    filled: int = 0
    aside: list[str] = field(default_factory=list)
    rested: int = 0
    maker_fees: int = 0


@dataclass
class Trade:
    """Contracts that changed hands in one match. `price` is what the taker paid per contract it wanted."""

    maker: int
    maker_order: str
    price: int
    quantity: int
