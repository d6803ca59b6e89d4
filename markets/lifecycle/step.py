"""A step of a market's life as the console offers it: in which state, to whom, and what it will do."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from governance.identity.models import User
from markets.lifecycle.models import Market
from markets.trading.commands import Outcome

Given = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One button. `refusal` says why this person may not press it now; empty if they may."""

    name: str
    title: str
    icon: str
    permission: str
    states: tuple[str, ...]
    tone: str = ""
    act: Callable[[User, Market, Given], Outcome]
    consequences: Callable[[Market], Sequence[str]]
    refusal: Callable[[User, Market, datetime], str] = lambda user, market, now: ""
    # What the form asks for beside the reason.
    asks_payout: bool = False
    asks_evidence: bool = False
    # Whether there is anything to decide; a button without is not shown.
    applies: Callable[[Market], bool] = lambda market: True
