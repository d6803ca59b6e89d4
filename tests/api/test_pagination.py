"""Pages neither skip nor repeat, in both directions, whatever ties the order has."""

from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from governance.organizations.models import Organization
from tests.governance.people import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.probe")]
LIST = "/api/v1/probe/writing"


def make_rows(keys):
    """Organizations with the given (minutes, name) keys, under a prefix of their own; returns the prefix."""
    prefix = f"p{uuid4().hex[:8]}"
    Organization.objects.bulk_create(
        Organization(name=name, slug=f"{prefix}-{index}", created_at=NOW + timedelta(minutes=minutes))
        for index, (minutes, name) in enumerate(keys)
    )
    return prefix


def get(address):
    response = APIClient().get(address)
    assert response.status_code == 200, response.content
    return response.json()


def slugs(page):
    return [row["slug"] for row in page["results"]]


# Few distinct values, so that ties are the rule.
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from("ab")), max_size=12), st.integers(1, 5))
def test_following_the_links_reads_every_row_once_forwards_and_backwards(keys, limit):
    prefix = make_rows(keys)
    rows = Organization.objects.filter(slug__startswith=prefix).order_by("-created_at", "name", "id")
    expected = list(rows.values_list("slug", flat=True))
    pages = [get(f"{LIST}?of={prefix}&limit={limit}")]
    while pages[-1]["next"]:
        pages.append(get(pages[-1]["next"]))
    assert [slug for page in pages for slug in slugs(page)] == expected
    assert pages[0]["previous"] is None
    back = [pages[-1]]
    while back[0]["previous"]:
        back.insert(0, get(back[0]["previous"]))
    assert [slug for page in back for slug in slugs(page)] == expected


def test_rows_added_meanwhile_neither_repeat_nor_hide_others():
    prefix = make_rows([(minute, "a") for minute in range(4)])
    first = get(f"{LIST}?of={prefix}&limit=2")
    Organization.objects.create(name="new", slug=f"{prefix}-new", created_at=NOW + timedelta(days=1))
    second = get(first["next"])
    assert slugs(first) + slugs(second) == [f"{prefix}-{index}" for index in (3, 2, 1, 0)]


@pytest.mark.parametrize("cursor", ["", "abc", "eyJvIjpbXX0:1abc:def", "é", "' OR 1=1"])
def test_a_cursor_made_up_is_refused(cursor):
    response = APIClient().get(LIST, {"of": "x", "cursor": cursor})
    assert (response.status_code, response.json()["code"]) == (422, "invalid_cursor")


def test_a_cursor_of_another_list_is_refused():
    prefix = make_rows([(0, "a"), (1, "a")])
    cursor = get(f"{LIST}?of={prefix}&limit=1")["next"].partition("cursor=")[2].partition("&")[0]
    response = APIClient().get(f"/api/v1/organizations?cursor={cursor}")
    assert response.status_code == 401  # strangers are not told more


@pytest.mark.parametrize("limit", ["0", "501", "-1", "x", "1.5", "", "٣", "99999999999"])
def test_a_limit_out_of_range_is_refused_not_adjusted(limit):
    response = APIClient().get(LIST, {"of": "x", "limit": limit})
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == ["limit"]


def test_a_page_costs_one_query(django_assert_num_queries):
    prefix = make_rows([(minute, "a") for minute in range(5)])
    following = get(f"{LIST}?of={prefix}&limit=2")["next"]
    with django_assert_num_queries(1):
        get(following)
