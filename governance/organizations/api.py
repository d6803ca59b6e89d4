"""`/api/v1/organizations`: the tenants the caller belongs to, and their members."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from governance.access.catalogue import ROLE_CHOICES
from governance.access.drf import AUTHENTICATED, access, signed_in_user
from governance.identity.selectors import active_user_by_name
from governance.organizations import selectors, services
from governance.organizations.errors import NoSuchUser
from governance.organizations.models import Membership, Organization
from opinion_market.api.idempotency import IdempotentMixin, idempotent
from opinion_market.api.serializers import InputSerializer, StrictTextField
from opinion_market.kernel import clock


class OrganizationSerializer(serializers.ModelSerializer[Organization]):
    my_role = serializers.SerializerMethodField(help_text="Your role here; empty for traders.")

    class Meta:
        model = Organization
        fields = ["id", "slug", "name", "created_at", "my_role"]

    def get_my_role(self, organization: Organization) -> str:
        return access(self.context["request"]).roles.get(organization.pk, "")


class MemberSerializer(serializers.ModelSerializer[Membership]):
    user = serializers.UUIDField(source="user_id")
    username = serializers.CharField(source="user.username")
    display_name = serializers.CharField(source="user.display_name")

    class Meta:
        model = Membership
        fields = ["user", "username", "display_name", "role", "created_at"]


class NewMemberInput(InputSerializer):
    username = StrictTextField(max_length=150)
    role = serializers.ChoiceField(choices=ROLE_CHOICES, default="", allow_blank=True)


class RoleInput(InputSerializer):
    role = serializers.ChoiceField(choices=ROLE_CHOICES, allow_blank=True)


@extend_schema(tags=["organizations"])
class OrganizationViewSet(GenericViewSet[Organization]):
    """Organizations you belong to. Others do not exist for you."""

    permissions_required: ClassVar[dict[str, str]] = {"list": AUTHENTICATED, "retrieve": AUTHENTICATED}
    serializer_class = OrganizationSerializer
    queryset = Organization.objects.none()
    filter_backends = ()
    ordering = ("slug",)

    @extend_schema(operation_id="organizations_list", responses=OrganizationSerializer(many=True))
    def list(self, request: Request) -> Response:
        """The organizations you belong to."""
        page = self.paginate_queryset(selectors.organizations_visible_to(signed_in_user(request)))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(operation_id="organizations_retrieve", responses=OrganizationSerializer)
    def retrieve(self, request: Request, reference: str) -> Response:
        """One organization, by id or short name."""
        return Response(self.get_serializer(selectors.organization_by(signed_in_user(request), reference)).data)


@extend_schema(tags=["organizations"])
class MemberViewSet(IdempotentMixin, GenericViewSet[Membership]):
    """Members of one organization, named by id or short name."""

    permissions_required: ClassVar[dict[str, str]] = {
        "list": "participants.read",
        "create": "participants.update",
        "partial_update": "participants.update",
        "destroy": "participants.update",
    }
    serializer_class = MemberSerializer
    queryset = Membership.objects.none()
    filter_backends = ()
    ordering = ("created_at", "id")

    @extend_schema(operation_id="members_list", responses=MemberSerializer(many=True))
    def list(self, request: Request, reference: str) -> Response:
        """All members, oldest first."""
        user = signed_in_user(request)
        page = self.paginate_queryset(selectors.members_of(user, selectors.organization_by(user, reference)))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(operation_id="members_add", request=NewMemberInput, responses={201: MemberSerializer})
    @idempotent
    def create(self, request: Request, reference: str) -> Response:
        """Take a user in, by user name. Granting a role takes an admin."""
        actor = signed_in_user(request)
        organization = selectors.organization_by(actor, reference)
        wanted = self._valid(NewMemberInput, request)
        user = active_user_by_name(wanted["username"])
        if user is None:
            raise NoSuchUser
        services.add_member(
            actor=actor, organization_id=organization.pk, user_id=user.pk, role=wanted["role"], now=clock.now()
        )
        return self._answer(organization, user.pk, status=201)

    @extend_schema(operation_id="members_change_role", request=RoleInput, responses=MemberSerializer)
    def partial_update(self, request: Request, reference: str, user_id: UUID) -> Response:
        """Give a member another role, or none. Takes an admin."""
        actor = signed_in_user(request)
        organization = selectors.organization_by(actor, reference)
        role = self._valid(RoleInput, request)["role"]
        services.change_role(actor=actor, organization_id=organization.pk, user_id=user_id, role=role, now=clock.now())
        return self._answer(organization, user_id)

    @extend_schema(operation_id="members_remove", responses={204: None})
    def destroy(self, request: Request, reference: str, user_id: UUID) -> Response:
        """Let a member go. Takes an admin if they hold a role; the last admin stays."""
        actor = signed_in_user(request)
        organization = selectors.organization_by(actor, reference)
        services.remove_member(actor=actor, organization_id=organization.pk, user_id=user_id, now=clock.now())
        return Response(status=204)

    def _valid(self, kind: type[InputSerializer], request: Request) -> dict[str, Any]:
        serializer = kind(data=request.data)
        serializer.is_valid(raise_exception=True)
        valid: dict[str, Any] = serializer.validated_data
        return valid

    def _answer(self, organization: Organization, user_id: UUID, status: int = 200) -> Response:
        return Response(self.get_serializer(selectors.membership_of(organization, user_id)).data, status=status)
