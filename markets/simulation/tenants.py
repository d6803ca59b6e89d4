"""The two invented organizations of the demonstration, and everybody in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

CREDIT = 10_000


class Behaviour(StrEnum):
    """How a simulated trader decides; see `markets.simulation.agents`."""

    INFORMED = "informed"
    NOISE = "noise"
    MOMENTUM = "momentum"
    MAKER = "market maker"


@dataclass(frozen=True, slots=True)
class Tenant:
    """An organization of the demonstration. `traders`: the first name of each with their behaviour. Sums in units."""

    slug: str
    name: str
    prefix: str
    traders: Mapping[str, Behaviour]
    trader_units: int = 10_000 * CREDIT
    maker_units: int = 50_000 * CREDIT
    subsidy_units: int = 100_000 * CREDIT
    staff: Mapping[str, str] = field(
        default_factory=lambda: {
            "manager": "manager",
            "approver": "manager",
            "admin": "admin",
            "resolver": "admin",
            "viewer": "viewer",
            "analyst": "analyst",
            "scientist": "data_scientist",
            "auditor": "auditor",
        }
    )

    def username(self, name: str) -> str:
        return f"{self.prefix}.{name.lower()}"

    @property
    def behaviours(self) -> dict[str, Behaviour]:
        """Each trader's behaviour, by username."""
        return {self.username(name): behaviour for name, behaviour in self.traders.items()}

    @property
    def people(self) -> dict[str, str]:
        """Username to display name, staff and traders."""
        staff = {self.username(part): f"{part.capitalize()} of {self.name}" for part in self.staff}
        return staff | {self.username(name): name for name in self.traders}

    @property
    def roles(self) -> dict[str, str]:
        return {self.username(part): role for part, role in self.staff.items()}


HARBOUR = Tenant(
    slug="demo-harbour",
    name="Harbour Town Forecasters",
    prefix="harbour",
    traders={
        "Tove": Behaviour.INFORMED,
        "Rasmus": Behaviour.INFORMED,
        "Pia": Behaviour.NOISE,
        "Otto": Behaviour.NOISE,
        "Ivo": Behaviour.NOISE,
        "Lene": Behaviour.MOMENTUM,
        "Marek": Behaviour.MOMENTUM,
        "Sanna": Behaviour.MAKER,
        "Bruno": Behaviour.MAKER,
    },
)
ALDER = Tenant(
    slug="demo-alder",
    name="Alder Valley Institute",
    prefix="alder",
    traders={
        "Noor": Behaviour.INFORMED,
        "Emil": Behaviour.NOISE,
        "Greta": Behaviour.NOISE,
        "Jonas": Behaviour.MOMENTUM,
        "Vera": Behaviour.MAKER,
    },
)
TENANTS = (HARBOUR, ALDER)
