"""What the projection `trader_figures` keeps. Computed from events alone: may be emptied and computed again at any time."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class MarketCourse(models.Model):
    """A market's last prices and own accounts, as the events tell. `house_sold`: contracts the house sold net, empty without one."""

    market = models.OneToOneField(
        "markets.Market", primary_key=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    price_units = ArrayField(models.IntegerField())
    prior_units = ArrayField(models.IntegerField())
    escrow_account = models.BigIntegerField()
    fee_account = models.BigIntegerField()
    house_account = models.BigIntegerField()
    liquidity = models.BigIntegerField()
    house_sold = ArrayField(models.BigIntegerField())
    closed_ms = models.BigIntegerField(null=True, help_text="When trading closed, milliseconds since 1970.")
    payout_units = ArrayField(models.IntegerField(), null=True)

    def __str__(self) -> str:
        return str(self.market_id)


class MarketClose(models.Model):
    """A market's last prices on a day (UTC) on which they moved."""

    market = models.ForeignKey(
        "markets.Market", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    day = models.DateField()
    price_units = ArrayField(models.IntegerField())

    class Meta:
        ordering = ["market", "day"]
        constraints = [models.UniqueConstraint(fields=["market", "day"], name="market_close_day")]

    def __str__(self) -> str:
        return f"{self.market_id} on {self.day}"


class Stakes(models.Model):
    """What an account has in a market, by average cost (see `average_cost.Stake`). Units; the house market makers' are rows too."""

    account = models.ForeignKey(
        "markets.Account", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    market = models.ForeignKey(
        "markets.Market", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    contracts = ArrayField(models.BigIntegerField(), help_text="Held per outcome, promised ones included.")
    basis_units = ArrayField(models.BigIntegerField(), help_text="What those contracts cost, per outcome.")
    cash_units = models.BigIntegerField(help_text="Net cash from the market, fees included.")
    fees_units = models.BigIntegerField()
    turnover_units = models.BigIntegerField(help_text="Cash paid and received in trades, without fees.")
    invested_units = models.BigIntegerField(help_text="Cash paid for contracts.")
    fills = models.BigIntegerField()
    traded_contracts = models.BigIntegerField()

    class Meta:
        abstract = True


class TraderResult(Stakes):
    """An account's stake in a market now, its standing forecast, and its scores once the market has settled."""

    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    forecast = models.JSONField(help_text="Sums of the forecasts so far; see `forecast.Forecast`.")
    brier_millionths = models.IntegerField(null=True)
    log_micronats = models.IntegerField(null=True)

    class Meta(Stakes.Meta):
        ordering = ["account", "market"]
        constraints = [models.UniqueConstraint(fields=["account", "market"], name="trader_result_account_market")]
        indexes = [models.Index(fields=["market"], name="trader_result_market")]

    def __str__(self) -> str:
        return f"#{self.account_id} in {self.market_id}"


class TraderDay(Stakes):
    """The stake as it was at the end of a day (UTC) on which it changed."""

    day = models.DateField()

    class Meta(Stakes.Meta):
        ordering = ["account", "market", "day"]
        constraints = [models.UniqueConstraint(fields=["account", "market", "day"], name="trader_day_account_market")]

    def __str__(self) -> str:
        return f"#{self.account_id} in {self.market_id} on {self.day}"


class AccountCash(models.Model):
    """An account's balance as the events tell, which forecasts are read against."""

    account = models.OneToOneField(
        "markets.Account", primary_key=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    balance_units = models.BigIntegerField()

    def __str__(self) -> str:
        return f"#{self.account_id}"
