"""Whatever goes wrong is told in one shape, with a stable code, and tells nothing it should not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from opinion_market.api.docs import all_errors
from opinion_market.kernel.correlation import HEADER

pytestmark = pytest.mark.urls("tests.api.probe")
VALIDATING = "/api/v1/probe/validating"
GOOD = {"quantity": 1, "name": "n"}


def problem(response):
    """The document, after what holds for every one of them."""
    assert response["Content-Type"] == "application/problem+json"
    document = response.json()
    assert document["status"] == response.status_code
    assert document["type"] == f"/docs/problems#{document['code']}"
    assert document["correlation_id"] == response[HEADER]
    assert document["title"]
    assert document["detail"]
    assert "secret" not in response.content.decode()
    return document


def post(body, content_type="application/json"):
    return APIClient().generic("POST", VALIDATING, body, content_type)


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        ("http404", 404, "not_found"),
        ("throttled", 429, "too_many_requests"),
        ("suspicious", 400, "malformed_request"),
        ("conflict", 409, "conflict"),
    ],
)
def test_every_kind_of_failure_has_its_status_and_code(how, status, code):
    response = APIClient().get(f"/api/v1/probe/failing/{how}")
    assert (response.status_code, problem(response)["code"]) == (status, code)
    assert response.get("Retry-After") == ("3" if how == "throttled" else None)


def test_figures_to_act_on_stand_under_data():
    assert problem(APIClient().get("/api/v1/probe/failing/conflict"))["data"] == {"version": 7}


def test_a_fault_of_ours_is_a_500_that_tells_nothing_of_its_cause():
    response = APIClient(raise_request_exception=False).get("/api/v1/probe/failing/fault")
    assert problem(response)["code"] == "internal_error"


def test_an_action_that_declares_no_permission_is_refused():
    assert problem(APIClient().get("/api/v1/probe/undeclared"))["code"] == "not_permitted"


def test_unknown_addresses_answer_programs_and_people_in_their_own_language():
    assert problem(APIClient().get("/api/v1/nothing"))["code"] == "not_found"
    page = APIClient().get("/nothing")
    assert page.status_code == 404
    assert page["Content-Type"].startswith("text/html")


def test_a_method_that_is_not_there_is_told_with_those_that_are():
    response = APIClient().put(VALIDATING, {})
    assert problem(response)["code"] == "method_not_allowed"
    assert "POST" in response["Allow"]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff",
        b"NaN",
        b'{"quantity": Infinity}',
        b"1e999",
        b'{"name": "a\\u0000b"}',
        b'"\\ud800"',
        b"[" * 3000,
    ],
)
def test_what_is_not_json_is_malformed(body):
    response = post(body)
    assert (response.status_code, problem(response)["code"]) == (400, "malformed_request")


def test_other_media_types_are_refused():
    response = post(b"quantity=1", "application/x-www-form-urlencoded")
    assert (response.status_code, problem(response)["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("body", [b"[]", b"1", b'"text"', b"null"])
def test_json_of_another_shape_is_invalid(body):
    response = post(body)
    assert (response.status_code, problem(response)["code"]) == (422, "invalid_input")


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"quantity": "5"}, "quantity", "invalid"),
        ({"quantity": 5.0}, "quantity", "invalid"),
        ({"quantity": True}, "quantity", "invalid"),
        ({"quantity": None}, "quantity", "null"),
        ({"quantity": 0}, "quantity", "min_value"),
        ({"quantity": 2**63}, "quantity", "max_value"),
        ({"quantity": 10**30}, "quantity", "invalid"),
        ({"name": 5}, "name", "invalid"),
        ({"name": ""}, "name", "blank"),
        ({"name": "n" * 11}, "name", "max_length"),
        ({"flag": 1}, "flag", "invalid"),
        ({"flag": "true"}, "flag", "invalid"),
        ({"quantitty": 5}, "quantitty", "unknown"),
        ({"legs": [{"price": 1}, {"price": 10_000}]}, "legs.1.price", "max_value"),
        ({"legs": [{"price": 1, "prise": 1}]}, "legs.0.prise", "unknown"),
        ({"legs": {}}, "legs", "not_a_list"),
    ],
)
def test_each_refused_field_is_named_by_its_path(change, field, code):
    response = post(json.dumps({**GOOD, **change}))
    document = problem(response)
    assert document["code"] == "invalid_input"
    assert [(error["field"], error["code"]) for error in document["errors"]] == [(field, code)]


def test_all_mistakes_are_told_at_once():
    document = problem(APIClient().post(VALIDATING, {"quantity": "x", "typo": 1}, format="json"))
    assert {error["field"] for error in document["errors"]} == {"quantity", "name", "typo"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_no_json_value_whatever_is_a_fault(value):
    response = post(json.dumps(value))
    assert response.status_code in {200, 400, 422}


def test_a_trailing_slash_makes_no_difference():
    assert APIClient().post(f"{VALIDATING}/", GOOD, format="json").json() == {**GOOD, "flag": False}


@pytest.mark.parametrize("address", ["/api/v1/organizations?limit=%00", "/api/v1/organizations/%00"])
def test_nul_characters_in_the_address_are_malformed(address):
    assert problem(APIClient().get(address))["code"] == "malformed_request"


def test_the_docs_list_every_code_of_the_running_code():
    page = APIClient().get("/docs/problems").content.decode()
    for error in all_errors():
        assert f'id="{error.code}"' in page


def test_a_code_means_one_status_only():
    statuses = {}
    for error in all_errors():
        assert statuses.setdefault(error.code, error.status) == error.status, error
