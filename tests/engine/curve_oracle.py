"""The house's curve in 60-digit decimals, from the definition. Slow, and right to far more places than money has."""

from collections.abc import Sequence
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, localcontext

from markets.engine.units import SET_UNITS

DIGITS = Context(prec=60, Emax=MAX_EMAX, Emin=MIN_EMIN)
TINY = Decimal("1e-40")


class Curve:
    """C(q) = b ln sum prior_i exp(sold_i / b), whose prices are the prior while nothing is sold. Results in units."""

    def __init__(self, b: int, prior_units: Sequence[int], sold: Sequence[int]) -> None:
        self.b = Decimal(b)
        self.prior = [Decimal(units) / SET_UNITS for units in prior_units]
        self.sold = list(sold)

    def odds(self, outcome: int) -> Decimal:
        """p / (1 - p) of an outcome's price p."""
        with localcontext(DIGITS):
            weights = self._weights()
            return weights[outcome] / _others(weights, outcome)

    def price_units(self, outcome: int) -> Decimal:
        """An outcome's price, in units."""
        with localcontext(DIGITS):
            weights = self._weights()
            return SET_UNITS * weights[outcome] / sum(weights)

    def cost_units(self, outcome: int, contracts: int) -> Decimal:
        """C after selling `contracts` of the outcome minus C before; negative for contracts < 0."""
        with localcontext(DIGITS):
            weights = self._weights()
            times = (contracts / self.b).exp()
            growth = weights[outcome] / sum(weights) * (times - 1)
            if abs(growth) < TINY:
                return self.b * growth * SET_UNITS
            grown = (_others(weights, outcome) + weights[outcome] * times) / sum(weights)
            return self.b * grown.ln() * SET_UNITS

    def sell(self, outcome: int, contracts: int) -> None:
        """The house sells, or for contracts < 0 buys."""
        self.sold[outcome] += contracts

    def _weights(self) -> list[Decimal]:
        most = max(self.sold)
        return [prior * ((sold - most) / self.b).exp() for prior, sold in zip(self.prior, self.sold, strict=True)]


def _others(weights: list[Decimal], outcome: int) -> Decimal:
    """The sum of all weights but one, never as a difference, which would lose small ones."""
    return sum((weight for other, weight in enumerate(weights) if other != outcome), Decimal(0))
