"""The invented questions of the demonstration. No place, company or person in them exists."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from markets.lifecycle.models import Market
from markets.lifecycle.services import MarketDraft
from markets.simulation.tenants import ALDER, CREDIT, HARBOUR, Tenant

# Markets of this category are kept going by `manage.py simulate`; the others show a state and stay in it.
LIVE = "Live"
LIVE_DISPUTE_WINDOW_S = 60


@dataclass(frozen=True, slots=True)
class Question:
    """A market of the demonstration; `b` in contracts, 0 for a pure order book; `prior` in units, None for equal prices.

    bounds: lower, upper and unit of a scalar market's value.
    """

    text: str
    criteria: str
    outcomes: Sequence[str] = ()
    b: int = 0
    prior: Sequence[int] | None = None
    taker_fee_bps: int = 0
    maker_fee_bps: int = 0
    bounds: tuple[str, str, str] | None = None
    is_public: bool = True
    dispute_bond_units: int = 0

    def draft(self, *, category: str, closes_at: datetime, dispute_window_s: int) -> MarketDraft:
        return MarketDraft(
            question=self.text,
            criteria=self.criteria,
            kind=self.kind,
            outcomes=tuple(self.outcomes),
            category=category,
            is_public=self.is_public,
            closes_at=closes_at,
            dispute_window_s=dispute_window_s,
            dispute_bond_units=self.dispute_bond_units,
            taker_fee_bps=self.taker_fee_bps,
            maker_fee_bps=self.maker_fee_bps,
            house_liquidity=self.b,
            house_prior_units=self.prior,
            scalar_lower=Decimal(self.bounds[0]) if self.bounds else None,
            scalar_upper=Decimal(self.bounds[1]) if self.bounds else None,
            scalar_unit=self.bounds[2] if self.bounds else "",
        )

    @property
    def kind(self) -> Market.Kind:
        if self.bounds:
            return Market.Kind.SCALAR
        return Market.Kind.CATEGORICAL if self.outcomes else Market.Kind.BINARY

    def in_round(self, number: int) -> "Question":
        """The same question asked again about the next period."""
        return replace(self, text=f"{self.text.removesuffix('?')} in round {number}?")


@dataclass(frozen=True, slots=True)
class Group:
    """Binary markets that answer one question together."""

    text: str
    description: str


@dataclass(frozen=True, slots=True)
class Campaign:
    """A running campaign that rewards the live markets' makers. `distance_units`: of a price; `size` in contracts."""

    tenant: Tenant
    name: str
    budget_units: int
    hours: int
    distance_units: int
    size: int


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A market seeded into a certain state. `orders`: how many are placed before it gets there.

    group: the one it belongs to, in which it stands for `label`.
    """

    tenant: Tenant
    question: Question
    status: Market.Status
    category: str = "Exhibits"
    orders: int = 0
    open_for: timedelta = timedelta(hours=6)
    group: Group | None = None
    label: str = ""

    @property
    def dispute_window_s(self) -> int:
        """None for what is to be settled at once; a live market's is short, so that one sees it pass."""
        if self.status == Market.Status.SETTLED:
            return 0
        return LIVE_DISPUTE_WINDOW_S if self.category == LIVE else 86_400


TRAM = Question(
    "Will the harbour tram carry more than 12,000 riders?",
    "The operator's published daily count, strictly above 12,000.",
    b=150,
    taker_fee_bps=50,
)
REGATTA = Question(
    "Which crew wins the lighthouse regatta?",
    "The first crew in the regatta committee's final ranking.",
    outcomes=("Gannets", "Terns", "Puffins", "Skuas"),
    b=120,
)
FOG = Question(
    "Will fog close the ferry pier before noon?",
    "The harbour master's log shows the pier closed for fog at any time before 12:00.",
    taker_fee_bps=100,
)
BAKERY = Question(
    "Which loaf sells out first at the quay bakery?",
    "The bakery's own till, by the time of the last sale of each loaf.",
    outcomes=("Rye", "Oat", "Spelt"),
)
SEALS = Question(
    "Will the ranger count more than 40 seals on the sandbank?",
    "The ranger's weekly count, strictly above 40.",
    b=100,
    prior=(3_500, 6_500),
)
CHESS = Question(
    "Will the lighthouse keeper beat the pilot at chess?",
    "A win for the keeper in the next recorded game; a draw counts as no.",
    taker_fee_bps=20,
    maker_fee_bps=10,
)
TIDE = Question(
    "How high will the evening tide stand at the stairs?",
    "The highest reading of the tide gauge between 18:00 and 24:00.",
    b=100,
    bounds=("1.2", "4.8", "m"),
)
HERRING = Question(
    "How much herring will be landed at the north quay?",
    "The auction's printed total.",
    bounds=("0", "80", "t"),
    taker_fee_bps=80,
    maker_fee_bps=-30,
)
SNOW = Question(
    "Will Alder Pass open before the first of the month?",
    "The road office lists the pass as open before the day begins.",
    b=80,
    is_public=False,
)
ORCHARD = Question(
    "Which orchard brings in the largest harvest?",
    "Tonnes weighed at the cooperative's scale.",
    outcomes=("North slope", "Mill side", "Old terrace"),
    b=60,
    is_public=False,
)
ROUNDS: dict[str, Sequence[Question]] = {
    HARBOUR.slug: (TRAM, REGATTA, FOG, BAKERY, SEALS, CHESS, TIDE, HERRING),
    ALDER.slug: (SNOW, ORCHARD),
}

LIGHTSHIP = Group(
    "When will the lightship leave the dry dock?",
    "The dockmaster's log names the day. Each month is a market of its own; if it is a later one, all of them pay No.",
)
MAKERS = Campaign(HARBOUR, "Tight books on the quay", 2_160 * CREDIT, hours=24 * 30, distance_units=500, size=5)

EXHIBITS = (
    *(
        Exhibit(HARBOUR, question, Market.Status.OPEN, LIVE, orders=60, open_for=timedelta(minutes=30 + 25 * place))
        for place, question in enumerate(ROUNDS[HARBOUR.slug])
    ),
    *(
        Exhibit(ALDER, question, Market.Status.OPEN, LIVE, orders=30, open_for=timedelta(minutes=45 + 40 * place))
        for place, question in enumerate(ROUNDS[ALDER.slug])
    ),
    Exhibit(
        HARBOUR,
        Question("Will the new crane be painted red?", "What the port council decides."),
        Market.Status.DRAFT,
    ),
    Exhibit(
        HARBOUR,
        Question("Will the winter market move to the old customs house?", "The council's printed programme.", b=100),
        Market.Status.PENDING_APPROVAL,
    ),
    Exhibit(
        HARBOUR,
        Question("Will the clock tower strike thirteen again?", "At least two members of the watch heard it."),
        Market.Status.HALTED,
        orders=30,
        open_for=timedelta(days=30),
    ),
    Exhibit(
        HARBOUR,
        Question("Will the spring tide reach the third step?", "The tide gauge at the stairs."),
        Market.Status.CLOSED,
        orders=30,
    ),
    Exhibit(
        HARBOUR,
        Question("Will the brass band rehearse outdoors?", "The bandmaster's diary.", b=60),
        Market.Status.RESOLVED,
        orders=30,
    ),
    Exhibit(
        HARBOUR,
        Question(
            "Did the ferry keep to its timetable all week?", "The pier's log.", b=60, dispute_bond_units=5 * CREDIT
        ),
        Market.Status.DISPUTED,
        orders=40,
    ),
    Exhibit(
        HARBOUR,
        Question("Will the kite festival have more than 200 kites?", "The organizers' count.", b=60, taker_fee_bps=50),
        Market.Status.VOIDED,
        orders=40,
    ),
    Exhibit(
        HARBOUR,
        Question(
            "Which lantern won the midsummer prize?",
            "The jury's announcement.",
            outcomes=("Whale", "Comet", "Kingfisher"),
            b=80,
            taker_fee_bps=50,
        ),
        Market.Status.SETTLED,
        orders=60,
    ),
    *(
        Exhibit(
            HARBOUR,
            Question(
                f"Will the lightship leave the dry dock in {month}?", "The dockmaster's log.", b=60, taker_fee_bps=50
            ),
            Market.Status.OPEN,
            orders=20,
            open_for=timedelta(days=30),
            group=LIGHTSHIP,
            label=month,
        )
        for month in ("April", "May", "June")
    ),
    Exhibit(
        ALDER,
        Question("Did the survey find the old mill race?", "The field report.", b=50, is_public=False),
        Market.Status.SETTLED,
        orders=30,
    ),
)
