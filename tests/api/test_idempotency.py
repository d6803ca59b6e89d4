"""A command repeated with its key answers alike and acts once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction

from governance.organizations.models import Organization
from opinion_market.kernel import clock, idempotency
from opinion_market.kernel.idempotency import Answer
from tests.governance.people import NOW, a_user, calling_as

pytestmark = pytest.mark.urls("tests.api.probe")
WRITE = "/api/v1/probe/writing"


def a_slug():
    return f"made-{uuid4().hex}"


def post(user, key, body, **options):
    client = calling_as(user)
    client.raise_request_exception = options.get("raising", True)
    return client.post(WRITE, body, format="json", headers={"Idempotency-Key": key})


def made(slug):
    return Organization.objects.filter(slug=slug).count()


@pytest.mark.django_db
def test_the_same_request_gets_the_same_bytes_and_has_one_effect():
    user, body = a_user(), {"slug": a_slug()}
    first, second = post(user, "k", body), post(user, "k", body)
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert first["Content-Type"] == second["Content-Type"] == "application/json"
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"
    assert made(body["slug"]) == 1


@pytest.mark.django_db
def test_the_key_with_another_body_is_refused():
    user = a_user()
    post(user, "k", {"slug": a_slug()})
    other = {"slug": a_slug()}
    response = post(user, "k", other)
    assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")
    assert made(other["slug"]) == 0


@pytest.mark.django_db
def test_two_people_may_use_the_same_key():
    bodies = [{"slug": a_slug()}, {"slug": a_slug()}]
    assert [post(a_user(), "k", body).status_code for body in bodies] == [201, 201]


@pytest.mark.django_db
def test_without_a_key_nothing_is_remembered():
    user = a_user()
    calling_as(user).post(WRITE, {"slug": a_slug()}, format="json")
    assert calling_as(user).get(f"{WRITE}?of=none", headers={"Idempotency-Key": "k"}).status_code == 200
    assert not idempotency.IdempotencyRecord.objects.filter(caller=user.pk).exists()


@pytest.mark.django_db
def test_a_refusal_is_repeated_too_and_leaves_nothing_written():
    user, body = a_user(), {"slug": a_slug(), "refuse": True}
    first, second = post(user, "k", body), post(user, "k", body)
    assert first.status_code == second.status_code == 409
    assert first.content == second.content
    assert second["Content-Type"] == "application/problem+json"
    assert second["Idempotency-Replayed"] == "true"
    assert made(body["slug"]) == 0


@pytest.mark.django_db
def test_a_fault_is_not_remembered_so_that_the_key_may_be_tried_again():
    user, body = a_user(), {"slug": a_slug(), "break": True}
    with transaction.atomic():
        assert post(user, "k", body, raising=False).status_code == 500
    assert made(body["slug"]) == 0
    assert not idempotency.IdempotencyRecord.objects.filter(caller=user.pk).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "k" * 201, "\x7f", "ключ".encode().decode("latin-1")])
def test_a_key_is_1_to_200_printable_characters(key):
    response = post(a_user(), key, {"slug": a_slug()})
    assert (response.status_code, response.json()["code"]) == (422, "invalid_idempotency_key")


def test_of_concurrent_repetitions_one_acts_and_all_answer_alike(committed_db):
    user, body = a_user(), {"slug": a_slug(), "pause_s": 0.2}

    def call(_):
        try:
            return post(user, "k", body)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(call, range(4)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer for answer in answers) == 3
    assert made(body["slug"]) == 1


@pytest.mark.django_db
def test_answers_are_found_and_stored_set_wise(django_assert_num_queries):
    alice, bob = uuid4(), uuid4()
    answer = Answer(201, '{"text":"tab\\t, line\\n, backslash \\\\"}')
    lines = [idempotency.line(caller, "k\\1", "h" * 64, answer, NOW) for caller in (alice, bob)]
    idempotency.remember_all(lines)
    with django_assert_num_queries(1):
        found = idempotency.find_answers([(alice, "k\\1"), (bob, "k\\1"), (alice, "other")])
    assert set(found) == {(alice, "k\\1"), (bob, "k\\1")}
    assert found[alice, "k\\1"].answer_to("h" * 64) == answer
    with pytest.raises(idempotency.IdempotencyKeyReused):
        found[bob, "k\\1"].answer_to("x" * 64)


@pytest.mark.django_db
def test_answers_are_kept_for_24_hours():
    now, caller = clock.now(), uuid4()
    for key, age in (("old", timedelta(hours=24, seconds=1)), ("young", timedelta(hours=23))):
        idempotency.remember(caller=caller, key=key, request_hash="h" * 64, answer=Answer(200, ""), now=now - age)
    assert idempotency.purge_expired(now=now) >= 1
    assert idempotency.find_answer(caller, "old", "h" * 64) is None
    assert idempotency.find_answer(caller, "young", "h" * 64) == Answer(200, "")
