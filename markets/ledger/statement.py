"""The ledger recomputed from its postings, for whoever wants proof of the balances kept beside them."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, Sum

from markets.ledger.models import Account, Posting


@dataclass(frozen=True, slots=True)
class BalanceLine:
    """One kind of account within an organization; sums in units. `posted_units`: from the postings, None if not asked for."""

    kind: str
    accounts_units: int
    reserved_units: int
    posted_units: int | None

    @property
    def difference_units(self) -> int:
        return 0 if self.posted_units is None else self.accounts_units - self.posted_units


@dataclass(frozen=True, slots=True)
class OrganizationBalance:
    """An organization's trial balance. It balances when the total is zero and nothing differs from its postings."""

    name: str
    lines: list[BalanceLine]

    @property
    def total_units(self) -> int:
        return sum(line.accounts_units for line in self.lines)

    @property
    def is_balanced(self) -> bool:
        return self.total_units == 0 and not any(line.difference_units for line in self.lines)


def trial_balances(organizations: Collection[UUID] | None, *, recompute: bool = False) -> list[OrganizationBalance]:
    """Each organization's balances by kind of account, by name.

    One statement; with `recompute` a second one that reads every posting, which takes about a second per million.
    """
    within = Q() if organizations is None else Q(organization__in=organizations)
    kinds: dict[str, str] = dict(Account.Kind.choices)
    posted: dict[tuple[UUID, str], int] = {}
    if recompute:
        of_accounts = Q() if organizations is None else Q(account__organization__in=organizations)
        rows = Posting.objects.filter(of_accounts).order_by().values_list("account__organization", "account__kind")
        posted = {(organization, kind): units for organization, kind, units in rows.annotate(Sum("delta_units"))}
    balances: dict[UUID, OrganizationBalance] = {}
    sums = Account.objects.filter(within).values("organization", "organization__name", "kind")
    for row in sums.annotate(Sum("balance_units"), Sum("reserved_units")).order_by(
        "organization__name", "organization", "kind"
    ):
        key = row["organization"]
        balance = balances.setdefault(key, OrganizationBalance(row["organization__name"], []))
        balance.lines.append(
            BalanceLine(
                kinds[row["kind"]],
                row["balance_units__sum"],
                row["reserved_units__sum"],
                posted.get((key, row["kind"]), 0) if recompute else None,
            )
        )
    return list(balances.values())
