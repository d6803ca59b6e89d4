"""`/api/v1/account/kill-switch`, and the same for staff: cancel everything and trade no more."""

from collections.abc import Iterable
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from governance.access.drf import AUTHENTICATED, signed_in_user
from governance.access.errors import PermissionMissing
from governance.access.policies import require
from governance.organizations.errors import MemberNotFound, OrganizationNotFound
from governance.organizations.models import Membership
from governance.organizations.selectors import membership_of, organization_by
from markets.ledger.api.shapes import AccountSerializer, account_body
from markets.lifecycle.errors import ReasonRequired
from markets.trading import errors, kill_switch
from markets.trading.api.requests import answer_once, command_key, valid
from markets.trading.kill_switch import NEEDED, Switched
from opinion_market.api.idempotency import IdempotentMixin, documents_key, idempotent
from opinion_market.api.openapi import failing
from opinion_market.api.serializers import InputSerializer, StrictTextField
from opinion_market.kernel import clock
from opinion_market.kernel.idempotency import IdempotencyKeyReused, InvalidIdempotencyKey

KEY_REFUSALS = (IdempotencyKeyReused, InvalidIdempotencyKey)


@extend_schema_serializer(
    examples=[OpenApiExample("One organization", value={"organization": "weather-desk"}, request_only=True)]
)
class OwnSwitchInput(InputSerializer):
    organization = StrictTextField(max_length=60, required=False, help_text="Id or short name; all if left out.")
    reason = StrictTextField(max_length=200, allow_blank=True, default="", help_text="Kept in the event; no names.")


class ReleaseFilters(serializers.Serializer[Any]):
    organization = serializers.CharField(required=False, max_length=60, help_text="Id or short name; all if left out.")


@extend_schema_serializer(
    examples=[OpenApiExample("Why", value={"reason": "Runaway program, agreed by telephone."}, request_only=True)]
)
class SwitchReasonInput(InputSerializer):
    reason = StrictTextField(max_length=200, allow_blank=True, default="", help_text="Required.")


class SwitchedSerializer(serializers.Serializer[Any]):
    """The accounts as they are now, and what was cancelled."""

    accounts = AccountSerializer(many=True)
    cancelled = serializers.DictField(
        child=serializers.ListField(child=serializers.UUIDField()), help_text="The ids of the orders, per market."
    )
    pending = serializers.ListField(
        child=serializers.UUIDField(),
        help_text="Markets that could not be reached just now; the platform cancels there by itself.",
    )


class ReleasedSerializer(serializers.Serializer[Any]):
    accounts = AccountSerializer(many=True)


def _switched(all_switched: Iterable[Switched]) -> dict[str, object]:
    done = list(all_switched)
    return {
        "accounts": [account_body(each.account) for each in done],
        "cancelled": {market: orders for each in done for market, orders in each.cancelled.items()},
        "pending": [market for each in done for market in each.pending],
    }


def _own_organizations(request: Request, reference: str | None) -> list[UUID]:
    """The organization named, or all those the caller is a member of. Raises OrganizationNotFound."""
    user = signed_in_user(request)
    joined = Membership.objects.filter(user=user, organization__is_active=True).order_by("organization")
    if reference is not None:
        joined = joined.filter(organization=organization_by(user, reference))
        if not joined.exists():
            raise OrganizationNotFound
    return list(joined.values_list("organization", flat=True))


@extend_schema(tags=["account"])
class OwnKillSwitchView(IdempotentMixin):
    permissions_required: ClassVar[dict[str, str]] = {"post": AUTHENTICATED, "delete": AUTHENTICATED}
    required_scope = "trade"

    @extend_schema(
        operation_id="account_kill_switch",
        request=OwnSwitchInput,
        responses=failing({200: SwitchedSerializer}, OrganizationNotFound, *KEY_REFUSALS),
    )
    @documents_key
    def post(self, request: Request) -> HttpResponse:
        """Cancel all your orders everywhere and refuse new ones (`trading_blocked`) until you release the switch.

        When the answer comes, no order of yours is open, whatever was on its way. Repeat it if the answer is lost.
        """
        wanted = valid(OwnSwitchInput, request.data)
        organizations = _own_organizations(request, wanted.get("organization"))

        def switch() -> object:
            return _switched(
                kill_switch.block_own(
                    actor=signed_in_user(request),
                    organization_ids=organizations,
                    now=clock.now(),
                    reason=wanted["reason"],
                )
            )

        return answer_once(command_key(request), switch, now=clock.now())

    @extend_schema(
        operation_id="account_kill_switch_release",
        parameters=[ReleaseFilters],
        responses=failing({200: ReleasedSerializer}, OrganizationNotFound, errors.BlockedByStaff, *KEY_REFUSALS),
    )
    @idempotent
    def delete(self, request: Request) -> Response:
        """Trade again. Where staff blocked you, only staff can release it, and then nothing is released."""
        reference = valid(ReleaseFilters, request.query_params).get("organization")
        released = kill_switch.release_own(
            actor=signed_in_user(request),
            organization_ids=_own_organizations(request, reference),
            now=clock.now(),
        )
        return Response({"accounts": [account_body(account) for account in released]})


@extend_schema(tags=["staff"])
class MemberKillSwitchView(IdempotentMixin):
    permissions_required: ClassVar[dict[str, str]] = {"post": NEEDED, "delete": NEEDED}
    _REFUSALS = (PermissionMissing, OrganizationNotFound, MemberNotFound, ReasonRequired, *KEY_REFUSALS)

    @extend_schema(
        operation_id="members_kill_switch",
        request=SwitchReasonInput,
        responses=failing({200: SwitchedSerializer}, *_REFUSALS),
    )
    @documents_key
    def post(self, request: Request, reference: str, user_id: UUID) -> HttpResponse:
        """Cancel all of a member's orders and refuse new ones, until staff releases it. Needs participants.update."""
        reason = valid(SwitchReasonInput, request.data)["reason"]
        organization = self._organization(request, reference, user_id)

        def switch() -> object:
            blocked = kill_switch.block_member(
                actor=signed_in_user(request),
                owner_id=user_id,
                organization_id=organization,
                reason=reason,
                now=clock.now(),
            )
            return _switched([blocked])

        return answer_once(command_key(request), switch, now=clock.now())

    @extend_schema(
        operation_id="members_kill_switch_release",
        parameters=[SwitchReasonInput],
        responses=failing({200: AccountSerializer}, *_REFUSALS),
    )
    @idempotent
    def delete(self, request: Request, reference: str, user_id: UUID) -> Response:
        """Let a member trade again, whoever blocked them. Needs participants.update."""
        reason = valid(SwitchReasonInput, request.query_params.dict())["reason"]
        account = kill_switch.release_member(
            actor=signed_in_user(request),
            owner_id=user_id,
            organization_id=self._organization(request, reference, user_id),
            reason=reason,
            now=clock.now(),
        )
        return Response(account_body(account))

    def _organization(self, request: Request, reference: str, user_id: UUID) -> UUID:
        actor = signed_in_user(request)
        organization = organization_by(actor, reference)
        require(actor, NEEDED, organization.pk)
        membership_of(organization, user_id)
        return organization.pk
