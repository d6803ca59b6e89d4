"""What the projection `market_figures` keeps of each market. Computed from events alone: may be emptied and rebuilt."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class MarketFigures(models.Model):
    """A market's totals after its event `version`, and what the next event is added to."""

    market = models.OneToOneField(
        "markets.Market", on_delete=models.CASCADE, primary_key=True, related_name="figures", db_constraint=False
    )
    version = models.BigIntegerField(help_text="The last event of the market's stream that is counted.")
    opened_at = models.DateTimeField(null=True)
    opening_units = ArrayField(models.IntegerField(), default=list, help_text="Price per outcome when it opened.")
    price_units = ArrayField(models.IntegerField(), default=list, help_text="Last price per outcome.")
    house_liquidity = models.BigIntegerField(default=0, help_text="LMSR b in contracts; 0: no house market maker.")
    house_prior_units = ArrayField(models.IntegerField(), default=list)
    house_sold = ArrayField(
        models.BigIntegerField(), default=list, help_text="Contracts per outcome the house sold net."
    )
    contracts = models.BigIntegerField(default=0)
    value_units = models.BigIntegerField(default=0)
    trades = models.BigIntegerField(default=0)
    last_trade_at = models.DateTimeField(null=True)
    largest_sequence = models.BigIntegerField(
        null=True, help_text="The trade of most contracts; the earliest of equals."
    )
    largest_outcome = models.PositiveSmallIntegerField(null=True)
    largest_contracts = models.BigIntegerField(default=0)
    largest_value_units = models.BigIntegerField(default=0)
    largest_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "market figures"
        ordering = ["market_id"]
        indexes = [models.Index(fields=["last_trade_at"], name="figures_last_trade")]

    def __str__(self) -> str:
        return f"{self.market_id} at #{self.version}"


class MarketBucket(models.Model):
    """Trades of a market with start <= time < start + seconds; only intervals with trades have a row.

    Prices are vectors over the outcomes, in units, as they stood after each trade of the interval. The `..._after` columns
    are the market's totals at the interval's end, so that what lies between two moments is a difference of two rows.
    """

    market = models.ForeignKey(
        "markets.Market", on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    seconds = models.PositiveIntegerField(help_text="60, 3600 or 86400.")
    start = models.DateTimeField(help_text="A whole minute, hour or day, UTC.")
    open_units = ArrayField(models.IntegerField(), help_text="After the first trade.")
    high_units = ArrayField(models.IntegerField())
    low_units = ArrayField(models.IntegerField())
    close_units = ArrayField(models.IntegerField())
    book_contracts = ArrayField(
        models.BigIntegerField(), help_text="Per outcome's book; two outcomes have one, the first's."
    )
    contracts = models.BigIntegerField()
    value_units = models.BigIntegerField()
    trades = models.BigIntegerField()
    contracts_after = models.BigIntegerField()
    value_units_after = models.BigIntegerField()
    trades_after = models.BigIntegerField()

    class Meta:
        ordering = ["market_id", "seconds", "start"]
        constraints = [
            models.UniqueConstraint(fields=["market", "seconds", "start"], name="bucket_market_seconds_start")
        ]

    def __str__(self) -> str:
        return f"{self.market_id} {self.start:%Y-%m-%d %H:%M} ({self.seconds} s)"


class MarketTrader(models.Model):
    """An account that has traded in a market; the house market maker is not one."""

    market = models.ForeignKey(
        "markets.Market", on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    account = models.ForeignKey(
        "markets.Account", on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    first_traded_at = models.DateTimeField()
    last_traded_at = models.DateTimeField()
    trades = models.BigIntegerField()

    class Meta:
        ordering = ["market_id", "account_id"]
        constraints = [models.UniqueConstraint(fields=["market", "account"], name="trader_market_account")]
        indexes = [models.Index(fields=["market", "last_traded_at"], name="trader_market_last")]

    def __str__(self) -> str:
        return f"{self.account_id} in {self.market_id}"


class MarketTraderDay(models.Model):
    """An account traded in a market on a day, UTC."""

    market = models.ForeignKey(
        "markets.Market", on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    day = models.DateField()
    account = models.ForeignKey(
        "markets.Account", on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )

    class Meta:
        ordering = ["market_id", "day", "account_id"]
        constraints = [models.UniqueConstraint(fields=["market", "day", "account"], name="trader_market_day_account")]

    def __str__(self) -> str:
        return f"{self.account_id} in {self.market_id} on {self.day}"
