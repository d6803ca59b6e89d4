"""`/api/v1/account/statement`: the caller's signed statement, to be kept and checked offline."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.access.drf import AUTHENTICATED, signed_in_user
from governance.audit.proofs_serializers import HASH, CanonicalEventSerializer, InclusionSerializer, SealSerializer
from governance.organizations.errors import OrganizationNotFound
from markets.ledger.api.own import organizations_of
from markets.ledger.errors import StatementTooLong
from markets.ledger.models import Posting
from markets.ledger.signed_statement import MOST_LINES, signed_statement
from markets.trading.api.requests import valid
from opinion_market.api.openapi import failing
from opinion_market.kernel import clock

# Made by a call, for `from` cannot be a name in a class.
StatementFilters: type[serializers.Serializer[Any]] = type(
    "StatementFilters",
    (serializers.Serializer,),
    {
        "from": serializers.DateTimeField(required=False, help_text="Recorded at this time or later."),
        "to": serializers.DateTimeField(required=False, help_text="Recorded before this time."),
        "organization": serializers.CharField(
            required=False, max_length=60, help_text="Id or short name; all if left out."
        ),
    },
)


class StatementLineSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    event_position = serializers.IntegerField()
    stream = serializers.CharField()
    version = serializers.IntegerField()
    recorded_at_us = serializers.IntegerField(help_text="Microseconds since 1970.")
    reason = serializers.ChoiceField(choices=Posting.Reason.choices)
    units = serializers.IntegerField(help_text="Into the account, or out of it if negative.")
    balance_after = serializers.IntegerField()
    event_hash = serializers.CharField(help_text=HASH)
    inclusion = InclusionSerializer(allow_null=True, help_text="null: not sealed yet; seals are made every hour.")
    event = CanonicalEventSerializer(required=False, help_text="Left out where others have a part in it.")


class StatementAccountSerializer(serializers.Serializer[Any]):
    account = serializers.IntegerField()
    organization = serializers.UUIDField()
    organization_slug = serializers.CharField()
    opening_balance = serializers.IntegerField()
    closing_balance = serializers.IntegerField()
    lines = StatementLineSerializer(many=True, help_text="Oldest first.")


class StatementSerializer(serializers.Serializer[Any]):
    format = serializers.CharField()
    owner = serializers.UUIDField()
    from_us = serializers.IntegerField(allow_null=True)
    to_us = serializers.IntegerField(allow_null=True)
    generated_at_us = serializers.IntegerField()
    accounts = StatementAccountSerializer(many=True)
    seals = SealSerializer(many=True, help_text="Those that the lines' paths lead to.")
    key_id = serializers.CharField()
    public_key = serializers.CharField(help_text="Ed25519, 32 bytes in hexadecimal digits.")
    signature = serializers.CharField(help_text="Ed25519 over all the rest.")


@extend_schema(tags=["account"])
class StatementView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": AUTHENTICATED}

    @extend_schema(
        operation_id="account_statement",
        parameters=[StatementFilters],
        responses=failing({200: StatementSerializer}, OrganizationNotFound, StatementTooLong),
        description=(
            "Your signed statement: opening balance, every line with the hash of its event and the path from it to a "
            "signed seal, closing balance. Keep the file; `tools/verify_proof.py` checks its arithmetic, its signature and "
            f"every line offline. At most {MOST_LINES:,} lines: name a time or an organization where there are more."
        ),
    )
    def get(self, request: Request) -> Response:
        filters = valid(StatementFilters, request.query_params)
        document = signed_statement(
            owner_id=signed_in_user(request).pk,
            organization_ids=organizations_of(request, filters.get("organization")),
            since=filters.get("from"),
            until=filters.get("to"),
            now=clock.now(),
        )
        return Response(document, headers={"Content-Disposition": 'attachment; filename="statement.json"'})
