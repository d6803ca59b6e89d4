"""`/api/v1/organizations/{organization}/...`: staff adjusts play-money balances."""

from typing import ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.access.drf import signed_in_user
from governance.access.errors import PermissionMissing
from governance.access.policies import require
from governance.organizations.errors import MemberNotFound, OrganizationNotFound
from governance.organizations.selectors import membership_of, organization_by
from markets.ledger import services
from markets.ledger.api.shapes import AccountSerializer, SumInput, account_body
from markets.ledger.errors import InsufficientBalance, InvalidSum
from markets.ledger.models import Account
from markets.trading.api.requests import valid
from opinion_market.api.idempotency import IdempotentMixin, idempotent
from opinion_market.api.openapi import failing
from opinion_market.kernel import clock
from opinion_market.kernel.errors import DomainError
from opinion_market.kernel.idempotency import IdempotencyKeyReused, InvalidIdempotencyKey

READ = "participants.read"
UPDATE = "participants.update"
KEY_REFUSALS: tuple[type[DomainError], ...] = (IdempotencyKeyReused, InvalidIdempotencyKey)


@extend_schema(tags=["staff"])
class DepositView(IdempotentMixin):
    permissions_required: ClassVar[dict[str, str]] = {"post": UPDATE}

    @extend_schema(
        operation_id="members_deposit",
        request=SumInput,
        responses=failing(
            {201: AccountSerializer}, PermissionMissing, OrganizationNotFound, MemberNotFound, InvalidSum, *KEY_REFUSALS
        ),
    )
    @idempotent
    def post(self, request: Request, reference: str, user_id: UUID) -> Response:
        """Credit a member's account with play money. Needs participants.update."""
        wanted = valid(SumInput, request.data)
        actor = signed_in_user(request)
        organization = organization_by(actor, reference)
        require(actor, UPDATE, organization.pk)
        membership_of(organization, user_id)
        account = services.deposit(
            actor=actor, owner_id=user_id, organization_id=organization.pk, now=clock.now(), **wanted
        )
        return Response(account_body(account), status=201)


@extend_schema(tags=["staff"])
class WithdrawView(IdempotentMixin):
    permissions_required: ClassVar[dict[str, str]] = {"post": UPDATE}

    @extend_schema(
        operation_id="members_withdraw",
        request=SumInput,
        responses=failing(
            {201: AccountSerializer},
            PermissionMissing,
            OrganizationNotFound,
            MemberNotFound,
            InvalidSum,
            InsufficientBalance,
            *KEY_REFUSALS,
        ),
    )
    @idempotent
    def post(self, request: Request, reference: str, user_id: UUID) -> Response:
        """Take play money out of a member's account; what open orders have reserved stays. Needs participants.update."""
        wanted = valid(SumInput, request.data)
        actor = signed_in_user(request)
        organization = organization_by(actor, reference)
        require(actor, UPDATE, organization.pk)
        membership_of(organization, user_id)
        account = services.withdraw(
            actor=actor, owner_id=user_id, organization_id=organization.pk, now=clock.now(), **wanted
        )
        return Response(account_body(account), status=201)


@extend_schema(tags=["staff"])
class MemberAccountView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": READ}

    @extend_schema(
        operation_id="members_account",
        responses=failing({200: AccountSerializer}, PermissionMissing, OrganizationNotFound, MemberNotFound),
    )
    def get(self, request: Request, reference: str, user_id: UUID) -> Response:
        """A member's cash. Needs participants.read."""
        actor = signed_in_user(request)
        organization = organization_by(actor, reference)
        require(actor, READ, organization.pk)
        membership_of(organization, user_id)
        found = Account.objects.filter(
            kind=Account.Kind.TRADER, owner_id=user_id, organization=organization
        ).select_related("organization")
        account = found.first() or Account(organization=organization, kind=Account.Kind.TRADER, owner_id=user_id)
        return Response(account_body(account))


@extend_schema(tags=["staff"])
class SubsidyView(IdempotentMixin):
    permissions_required: ClassVar[dict[str, str]] = {"get": "markets.read", "post": "markets.approve"}

    @extend_schema(
        operation_id="subsidy_retrieve",
        responses=failing({200: AccountSerializer}, PermissionMissing, OrganizationNotFound),
    )
    def get(self, request: Request, reference: str) -> Response:
        """What the organization has set aside for its house market makers. Needs markets.read."""
        actor = signed_in_user(request)
        organization = organization_by(actor, reference)
        require(actor, "markets.read", organization.pk)
        found = Account.objects.filter(kind=Account.Kind.SUBSIDY, organization=organization)
        account = found.select_related("organization").first()
        return Response(account_body(account or Account(organization=organization, kind=Account.Kind.SUBSIDY)))

    @extend_schema(
        operation_id="subsidy_fund",
        request=SumInput,
        responses=failing({201: AccountSerializer}, PermissionMissing, OrganizationNotFound, InvalidSum, *KEY_REFUSALS),
    )
    @idempotent
    def post(self, request: Request, reference: str) -> Response:
        """Set more aside. Needs markets.approve."""
        wanted = valid(SumInput, request.data)
        actor = signed_in_user(request)
        organization = organization_by(actor, reference)
        account = services.fund_subsidy(actor=actor, organization_id=organization.pk, now=clock.now(), **wanted)
        return Response(account_body(account), status=201)
