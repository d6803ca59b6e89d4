"""Prepared statements survive the loss of a kept connection, as Django's own do."""

import pytest
from django.db import OperationalError, connection, transaction

from opinion_market.kernel import prepared
from opinion_market.kernel.prepared import run_prepared
from tests.concurrency.threads import at_once


def lose_the_connection() -> None:
    """End this thread's session at the server, as a restart of it would, and begin a new request."""
    connection.ensure_connection()
    pid = connection.connection.info.backend_pid
    at_once([lambda: run_prepared("SELECT pg_terminate_backend(%s, 5000)", [pid]).fetchone()])
    connection.health_check_done = False
    connection.health_check_enabled = True


@pytest.mark.usefixtures("committed_db")
@pytest.mark.parametrize("may_repeat", [True, False])
def test_the_first_statement_of_a_request_finds_a_new_connection(may_repeat):
    lose_the_connection()
    assert run_prepared("SELECT 7", [], may_repeat=may_repeat).fetchone() == (7,)
    assert connection.is_usable()


@pytest.mark.usefixtures("committed_db")
def test_within_a_transaction_the_loss_is_told():
    def work() -> None:
        with transaction.atomic():
            run_prepared("SELECT 1", [])
            lose_the_connection()
            run_prepared("SELECT 7", [])

    with pytest.raises(OperationalError):
        work()
    connection.close()
    assert run_prepared("SELECT 7", []).fetchone() == (7,)


@pytest.mark.usefixtures("committed_db")
@pytest.mark.parametrize(("may_repeat", "attempts"), [(True, 2), (False, 1)])
def test_what_must_not_happen_twice_is_not_sent_again(monkeypatch, may_repeat, attempts):
    sent = []
    execute = prepared._execute
    monkeypatch.setattr(prepared, "_execute", lambda *given: (sent.append(1), execute(*given))[1])
    connection.ensure_connection()
    connection.health_check_done = False
    with pytest.raises(OperationalError):
        run_prepared("SELECT pg_terminate_backend(pg_backend_pid())", [], may_repeat=may_repeat)
    assert len(sent) == attempts
    connection.close()
