"""`/api/v1/account`: the caller's cash and its statement."""

import csv
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar
from uuid import UUID

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from governance.access.drf import AUTHENTICATED, access, signed_in_user
from governance.organizations.errors import OrganizationNotFound
from governance.organizations.selectors import organization_by, organizations_visible_to
from markets.ledger import selectors
from markets.ledger.api.shapes import AccountsSerializer, EntrySerializer, account_body, entry_body
from markets.ledger.models import Account, Posting
from markets.trading.api.requests import valid
from opinion_market.api.errors import InvalidCursor
from opinion_market.api.openapi import failing
from opinion_market.eventstore.selectors import streams_of

CSV_ROWS_AT_ONCE = 2_000
CSV_COLUMNS = ("id", "recorded_at", "organization", "account", "reason", "units", "balance_after", "event_position")


class AccountFilters(serializers.Serializer[Any]):
    organization = serializers.CharField(required=False, max_length=60, help_text="Id or short name; all if left out.")


class EntryFilters(AccountFilters):
    reason = serializers.ListField(
        child=serializers.ChoiceField(choices=Posting.Reason.choices), required=False, help_text="May be repeated."
    )
    since = serializers.DateTimeField(required=False, help_text="Recorded at this time or later.")
    until = serializers.DateTimeField(required=False, help_text="Recorded before this time.")


def organizations_of(request: Request, reference: str | None) -> list[UUID]:
    """The organization named, or all the caller's. Raises OrganizationNotFound."""
    user = signed_in_user(request)
    if reference is not None:
        return [organization_by(user, reference).pk]
    return list(organizations_visible_to(user).values_list("pk", flat=True))


@extend_schema(tags=["account"])
class AccountView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": AUTHENTICATED}

    @extend_schema(
        operation_id="account",
        parameters=[AccountFilters],
        responses=failing({200: AccountsSerializer}, OrganizationNotFound),
    )
    def get(self, request: Request) -> Response:
        """Your cash in each of your organizations: the balance, what open orders have reserved, what is available,
        what bounds your orders, and whether trading is blocked."""
        reference = valid(AccountFilters, request.query_params).get("organization")
        organizations = organizations_of(request, reference)
        found = selectors.trader_accounts(owner_id=signed_in_user(request).pk, organization_ids=organizations)
        bodies = {account.organization_id: account_body(account) for account in found}
        held = access(request)
        visible = organizations_visible_to(signed_in_user(request)).select_related("limit_defaults")
        for organization in visible.filter(pk__in=organizations):
            # A superuser sees every organization, but has a place of their own only in those they joined or traded in.
            if organization.pk not in bodies and (organization.pk in held.roles or reference is not None):
                bodies[organization.pk] = account_body(Account(organization=organization, kind=Account.Kind.TRADER))
        return Response({"accounts": sorted(bodies.values(), key=lambda body: str(body["organization_slug"]))})


@extend_schema(tags=["account"])
class EntryViewSet(GenericViewSet[Posting]):
    permissions_required: ClassVar[dict[str, str]] = {"list": AUTHENTICATED, "export": AUTHENTICATED}
    serializer_class = EntrySerializer
    queryset = Posting.objects.none()
    filter_backends = ()
    ordering = ("-id",)

    @extend_schema(
        operation_id="account_entries_list",
        parameters=[EntryFilters],
        responses=failing({200: EntrySerializer(many=True)}, OrganizationNotFound, InvalidCursor),
    )
    def list(self, request: Request) -> Response:
        """Your statement, newest first: every change of your balance and the event that caused it."""
        page = self.paginate_queryset(self._entries(request)) or ()
        streams = streams_of([entry.event_position for entry in page])
        return self.get_paginated_response([entry_body(entry, streams[entry.event_position]) for entry in page])

    @extend_schema(
        operation_id="account_entries_export",
        parameters=[EntryFilters],
        responses=failing({(200, "text/csv"): OpenApiTypes.STR}, OrganizationNotFound),
        filters=False,
    )
    def export(self, request: Request) -> StreamingHttpResponse:
        """Your whole statement as CSV, newest first."""
        response = StreamingHttpResponse(_csv(self._entries(request)), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="entries.csv"'
        return response

    def _entries(self, request: Request) -> Any:
        filters = valid(EntryFilters, request.query_params)
        return selectors.statement_of(
            owner_id=signed_in_user(request).pk,
            organization_ids=organizations_of(request, filters.get("organization")),
            reasons=filters.get("reason", ()),
            since=filters.get("since"),
            until=filters.get("until"),
        )


class _Line:
    """A file that hands each line back instead of keeping it."""

    def write(self, text: str) -> str:
        return text


def _csv(entries: Any) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(CSV_COLUMNS)
    rows: Iterable[Posting] = entries.iterator(chunk_size=CSV_ROWS_AT_ONCE)
    for entry in rows:
        yield writer.writerow(
            (
                entry.pk,
                entry.recorded_at.isoformat(),
                entry.account.organization_id,
                entry.account_id,
                entry.reason,
                entry.delta_units,
                entry.balance_after_units,
                entry.event_position,
            )
        )
