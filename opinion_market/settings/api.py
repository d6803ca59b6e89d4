"""Settings of the public API: Django REST framework, its documentation, and JSON web tokens."""

import hashlib
import hmac
from datetime import timedelta

from opinion_market.settings.env import read_environment

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "governance.identity.authentication.ApiKeyAuthentication",
        "governance.identity.authentication.JwtAuthentication",
        "governance.identity.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["governance.access.drf.HasPermission"],
    "DEFAULT_RENDERER_CLASSES": ["opinion_market.api.json.JsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["opinion_market.api.json.JsonParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "opinion_market.api.json.FirstRenderer",
    "DEFAULT_PAGINATION_CLASS": "opinion_market.api.pagination.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "opinion_market.api.schema.ProblemAutoSchema",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_THROTTLE_RATES": {"token_address": "30/min", "token_username": "10/min", "dossier": "60/min"},
    "EXCEPTION_HANDLER": "opinion_market.api.problems.exception_handler",
    # The front proxy appends the caller's address to X-Forwarded-For; only that last entry is to be believed.
    "NUM_PROXIES": 1,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "TEST_REQUEST_RENDERER_CLASSES": ["opinion_market.api.json.JsonRenderer"],
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Opinion Market",
    "DESCRIPTION": (
        "Prediction markets for organizations. Money is in units (10,000 units = 1 credit), prices are integers from 1 to "
        "9,999, quantities whole contracts, times UTC. Anything that goes wrong is answered as "
        "`application/problem+json`; [all codes](/docs/problems)."
    ),
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": False, "displayRequestDuration": True},
    "COMPONENT_SPLIT_REQUEST": True,
    "SORT_OPERATIONS": False,
    "ENFORCE_NON_BLANK_FIELDS": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "opinion_market.api.schema.order_methods",
    ],
    "ENUM_NAME_OVERRIDES": {
        "RoleEnum": "governance.access.catalogue.ROLE_CHOICES",
        "FillRoleEnum": "markets.trading.selectors.FILL_ROLES",
        "MarketKindEnum": "markets.lifecycle.models.Market.Kind",
        "MarketStatusEnum": "markets.lifecycle.models.Market.Status",
        "OrderStatusEnum": "markets.trading.models.Order.Status",
        "OrderTypeEnum": "markets.trading.models.Order.Type",
        "OrderSideEnum": "markets.trading.models.Order.Side",
        "CommandStateEnum": "opinion_market.eventstore.models.QueuedCommand.State",
        "ProcessStateEnum": "opinion_market.eventstore.models.Process.State",
        "DeliveryStateEnum": "opinion_market.eventstore.models.Delivery.State",
        "SubscriptionStateEnum": "governance.audit.event_sourcing_serializers.SUBSCRIPTION_STATES",
        "StepStateEnum": "governance.audit.processes_api.STEP_STATES",
        "TimeInForceEnum": "markets.trading.models.Order.TimeInForce",
        "AccountKindEnum": "markets.ledger.models.Account.Kind",
        "EvidenceKindEnum": "markets.lifecycle.resolution.models.Evidence.Kind",
        "ProposalStateEnum": "markets.lifecycle.resolution.models.ResolutionProposal.State",
        "DecisionKindEnum": "markets.lifecycle.resolution.models.DecisionRequest.Kind",
        "DecisionStateEnum": "markets.lifecycle.resolution.models.DecisionRequest.State",
        "CampaignStateEnum": "markets.rewards.models.RewardCampaign.State",
        "CommentStateEnum": "markets.comments.api.shapes.COMMENT_STATES",
        "ApiKeyScopeEnum": "governance.identity.models.ApiKey.Scope",
        "RateLimitScopeEnum": "mesh.gateway.models.RateLimit.Scope",
        "HeaderMatchKindEnum": "mesh.gateway.checking.KIND_CHOICES",
        "IdentityProviderKindEnum": "mesh.gateway.models.IdentityProvider.Kind",
        "ServiceTypeEnum": "mesh.registry.models.Service.Type",
        "LoadBalancingEnum": "mesh.registry.models.Service.Balancing",
        "InstanceStateEnum": "mesh.registry.models.Instance.State",
        "InstanceHealthEnum": "mesh.registry.models.Instance.Health",
        "CircuitStateEnum": "mesh.registry.models.CircuitChange.State",
        "ServiceHealthEnum": "mesh.registry.api.overview_shapes.HEALTH_STATES",
        "GraphHealthEnum": "mesh.registry.api.overview_shapes.GRAPH_STATES",
        "SystemStatusEnum": "mesh.registry.api.overview_shapes.STATUSES",
        "HistoryIntervalEnum": "markets.analytics.markets.api.shapes.INTERVAL_CHOICES",
    },
}

SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    # A key of its own, derived one-way: a leaked token key does not open sessions, nor the reverse.
    "SIGNING_KEY": hmac.new(
        read_environment().secret_key.encode(), b"opinion_market.jwt.v1", hashlib.sha256
    ).hexdigest(),
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=10),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=14),
    "ISSUER": "opinion-market",
    "UPDATE_LAST_LOGIN": False,
    # Tokens carry a digest of the password's hash, so that a changed password ends them all.
    "CHECK_REVOKE_TOKEN": True,
}

AUDITLOG_CID_GETTER = "opinion_market.kernel.correlation.correlation_id"
