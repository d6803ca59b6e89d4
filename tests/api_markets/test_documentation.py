"""What the OpenAPI document promises, for a reviewer to read, and that no code is left untold.

After a deliberate change refresh the snapshot with
`UPDATE_SNAPSHOTS=1 make test TESTS=tests/api_markets/test_documentation.py`.
"""

import json
import os
from pathlib import Path

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from markets.engine import errors as engine
from markets.ledger import errors as ledger
from markets.lifecycle import errors as lifecycle
from markets.lifecycle.resolution import errors as resolution
from markets.trading import candles
from markets.trading import errors as trading
from opinion_market.api.docs import all_errors
from opinion_market.kernel.errors import DomainError

SNAPSHOT = Path(__file__).resolve().parent.parent / "snapshots" / "openapi.json"
# Found by whoever runs the platform, not answered to a caller's fault.
INTERNAL = {"stream_inconsistent"}
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def schema() -> dict:
    return SchemaGenerator().get_schema(request=None, public=True)


def operations(schema: dict) -> list[tuple[str, dict]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, item in schema["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]


def test_the_document_is_as_reviewed(schema):
    current = json.dumps(schema, indent=1, ensure_ascii=False, default=str) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SNAPSHOT.write_text(current)
    assert SNAPSHOT.read_text() == current, "Refresh with UPDATE_SNAPSHOTS=1 if this change is meant."


def test_every_operation_is_described_and_tagged(schema):
    for name, operation in operations(schema):
        assert operation["operationId"], name
        assert operation["tags"], name
        assert operation.get("description"), name


def own_errors(*modules) -> set[type[DomainError]]:
    return {
        found
        for module in modules
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, DomainError) and found.__module__ == module.__name__
    }


def test_every_refusal_of_the_exchange_is_documented_where_it_may_be_answered(schema):
    told = json.dumps(schema, default=str)
    codes = {error.code for error in own_errors(engine, ledger, lifecycle, resolution, trading, candles)} - INTERNAL
    assert {code for code in codes if f"`{code}`" not in told} == set()


@pytest.mark.django_db
def test_every_code_is_explained_on_the_problems_page():
    page = Client().get("/docs/problems").content.decode()
    codes = {error.code for error in all_errors()}
    assert {code for code in codes if f'id="{code}"' not in page} == set()
    assert codes >= {
        "insufficient_funds",
        "market_not_open",
        "price_out_of_range",
        "would_take",
        "unfillable",
        "duplicate_client_order_id",
    }


def test_an_example_order_is_one_the_schema_accepts(schema):
    content = schema["paths"]["/api/v1/markets/{market_id}/orders"]["post"]["requestBody"]["content"]
    (example,) = content["application/json"]["examples"].values()
    reference = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
    described = schema["components"]["schemas"][reference]
    assert set(example["value"]) <= set(described["properties"])
    assert set(described["required"]) <= set(example["value"])
