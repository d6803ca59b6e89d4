"""The audit passes what the exchange does, and finds whatever somebody with the tables' owner's rights changes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from markets.audit.checks import STATEMENTS, run_all
from markets.audit.replay import replay_markets
from markets.audit.result import CheckResult
from markets.lifecycle.models import Market
from markets.lifecycle.resolution.models import Evidence
from opinion_market.kernel import clock
from opinion_market.kernel.ids import uuid7
from tests.audit.conftest import Venue

pytestmark = pytest.mark.django_db

# Table, change, and the check that must find it.
CHANGES = [
    ("markets_posting", "delta_units = delta_units + 1 WHERE reason = 'trade'", "journals"),
    ("markets_posting", "account_id = 0 WHERE reason = 'trade'", "journals"),
    ("markets_posting", "balance_after_units = balance_after_units + 1 WHERE reason = 'mint'", "running_balances"),
    ("markets_posting", "balance_after_units = -1 WHERE reason = 'trade'", "balances_ever"),
    ("markets_posting", "reason = 'trade' WHERE reason = 'deposit'", "conservation"),
    ("markets_posting", "reason = 'trade' WHERE reason = 'fee'", "fees"),
    ("markets_posting", "reason = 'merge' WHERE reason = 'mint'", "free_sets"),
    ("markets_posting", "delta_units = 3 * delta_units WHERE reason = 'payout' AND delta_units > 0", "payouts"),
    ("markets_account", "balance_units = balance_units + 1 WHERE kind = 'trader'", "balances"),
    ("markets_account", "balance_units = balance_units + 10000 WHERE kind = 'escrow'", "escrow"),
    ("markets_account", "balance_units = balance_units - 1 WHERE kind = 'bond' AND balance_units > 0", "bonds"),
    ("markets_posting", "reason = 'correction' WHERE reason = 'sweep'", "corrections"),
    ("markets_account", "balance_units = balance_units + 1 WHERE kind = 'house'", "settled"),
    ("markets_account", "reserved_units = reserved_units + 1 WHERE kind = 'trader'", "reserved_cash"),
    ("markets_account", "reserved_units = balance_units + 1 WHERE kind = 'trader'", "available_cash"),
    ("markets_position", "free_contracts = free_contracts + 1 WHERE outcome = 0", "contracts"),
    ("markets_position", "free_contracts = -1 WHERE outcome = 0", "positions"),
    ("markets_position", "reserved_contracts = reserved_contracts + 1", "reserved_contracts"),
    ("markets_order", "price_units = 9999 WHERE status = 'open' AND side = 'buy'", "books"),
    ("markets_order", "price_units = price_units - 1 WHERE filled_quantity > 0", "maker_prices"),
    ("markets_order", "price_units = 1 WHERE side = 'buy'", "taker_limits"),
    ("markets_order", "filled_quantity = filled_quantity + 1", "fills"),
    ("markets_order", "cancelled_quantity = cancelled_quantity + 1 WHERE status <> 'open'", "quantities"),
    ("markets_order", "time_in_force = 'ioc' WHERE status = 'open'", "times_in_force"),
    ("markets_order", "post_only = TRUE", "times_in_force"),
    ("markets_trade", "sequence = sequence + 1000", "trades"),
    ("markets_trade", "quantity = quantity + 1", "volume"),
    ("markets_trade", "maker_account_id = taker_account_id WHERE maker_order IS NULL", "self_trades"),
    ("markets_market", "status = 'closed' WHERE status = 'open'", "open_orders"),
    ("markets_rewardcampaign", "paid_units = paid_units - 1", "campaigns"),
    ("markets_rewardpayout", "units = units - 1", "reward_hours"),
    ("markets_posting", "reason = 'trade' WHERE reason = 'reward' AND delta_units > 0", "reward_hours"),
    ("markets_market", "payout_units = '{10000,1}' WHERE status = 'settled'", "payout_vectors"),
]
CHANGES_TO_READ_TABLES = [
    ("markets_market", "price_units = '{1,9999}' WHERE status = 'open'", "replayed_markets"),
    ("markets_market", "open_sets = open_sets + 1 WHERE status = 'open'", "replayed_markets"),
    ("markets_order", "reserved_units = reserved_units + 1 WHERE status = 'open'", "replayed_orders"),
    ("markets_order", "account_id = account_id + 1 WHERE status = 'open'", "replayed_orders"),
    ("markets_position", "free_contracts = free_contracts + 1", "replayed_positions"),
    ("markets_posting", "delta_units = 2 * delta_units WHERE reason = 'trade'", "replayed_journals"),
    ("markets_posting", "delta_units = 2 * delta_units WHERE reason = 'correction'", "replayed_payouts"),
    ("markets_market", "status = 'settled' WHERE status = 'disputed'", "replayed_markets"),
    ("markets_evidence", "sha256 = repeat('0', 64) WHERE kind = 'file'", "kept_evidence"),
    ("markets_evidence", "url = 'https://example.org/other' WHERE kind = 'link'", "kept_evidence"),
]


@contextmanager
def guards_down(table: str) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks still to come cannot be altered
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def tamper(table: str, change: str) -> None:
    """Change rows, with whatever would refuse it out of the way."""
    checks = "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'"
    with guards_down(table), connection.cursor() as cursor:
        cursor.execute(checks, [table])
        for (name,) in cursor.fetchall():
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        cursor.execute(f"UPDATE {table} SET {change}")  # noqa: S608
        assert cursor.rowcount > 0


def broken(results: list[CheckResult]) -> set[str]:
    assert all(bool(result.offenders) == (not result.passed) for result in results)
    return {result.name for result in results if not result.passed}


def test_everything_holds_in_a_busy_organization_and_every_check_has_something_to_look_at(busy: Venue) -> None:
    results = run_all(organization_ids=[busy.organization.pk])
    results += replay_markets(organization_ids=[busy.organization.pk], now=clock.now())
    assert broken(results) == set()
    assert [result.name for result in results if not result.checked] == []


def found_after(table: str, change: str, look: Callable[[], list[CheckResult]]) -> set[str]:
    """What is broken once the change is made; it is taken back."""
    with transaction.atomic():
        tamper(table, change)
        names = broken(look())
        transaction.set_rollback(True)
    return names


def test_every_statement_finds_the_row_that_breaks_it(busy: Venue) -> None:
    for table, change, expected in CHANGES:
        found = found_after(table, change, lambda: run_all(organization_ids=[busy.organization.pk]))
        assert expected in found, (table, change)
    assert {expected for _, _, expected in CHANGES} == {statement.name for statement in STATEMENTS}


def test_tables_that_the_stream_does_not_give_are_found(busy: Venue) -> None:
    def look() -> list[CheckResult]:
        return replay_markets(organization_ids=[busy.organization.pk], now=clock.now())

    for table, change, expected in CHANGES_TO_READ_TABLES:
        assert expected in found_after(table, change, look), (table, change)


def test_a_file_that_was_changed_or_lost_is_found(busy: Venue) -> None:
    piece = Evidence.objects.filter(market__organization=busy.organization, kind="file").first()
    assert piece is not None
    storage, name = piece.file.storage, str(piece.file.name)
    storage.delete(name)
    assert "kept_evidence" in broken(replay_markets(organization_ids=[busy.organization.pk], now=clock.now()))
    storage.save(name, ContentFile(b"Nobody was there."))
    assert "kept_evidence" in broken(replay_markets(organization_ids=[busy.organization.pk], now=clock.now()))


def test_an_audit_of_one_market_or_organization_is_not_disturbed_by_another(busy: Venue) -> None:
    market = Market.objects.filter(organization=busy.organization, status="open").first()
    assert market is not None
    tamper("markets_position", f"free_contracts = free_contracts + 1 WHERE market_id <> '{market.pk}'")
    assert "contracts" in broken(run_all(organization_ids=[busy.organization.pk]))
    assert "contracts" in broken(run_all())
    assert broken(run_all(market_ids=[market.pk])) == set()
    assert broken(run_all(organization_ids=[uuid7()])) == set()


def test_the_command_shows_a_table_and_fails_when_something_is_broken(busy: Venue) -> None:
    out = StringIO()
    call_command("audit_exchange", "--replay", stdout=out)
    assert "checks passed" in out.getvalue()

    tamper("markets_account", "balance_units = balance_units + 7 WHERE kind = 'subsidy'")
    with pytest.raises(SystemExit) as ended:
        call_command("audit_exchange", stdout=out)
    assert ended.value.code == 1
    assert "balances, conservation" in out.getvalue()


def test_the_command_knows_when_there_is_no_such_market(db: None) -> None:
    with pytest.raises(CommandError, match="There is no market"):
        call_command("audit_exchange", "--market", str(uuid7()))
