"""The rows that describe what staff want of the data plane: kept with each snapshot, and put back by a rollback.

Instances are not among them: they come and go by themselves, and a rollback keeps today's. Nor is what was revoked, nor
keys and passwords: going back must not make them good again.
"""

from collections.abc import Sequence

from django.core import serializers
from django.db.models import Model

from mesh.gateway.models import GatewaySettings, IdentityProvider, RateLimit, Route, RouteBackend
from mesh.registry.models import Dependency, Mesh, Service

# In the order in which they can be created; removed the other way round.
CONFIGURATION_MODELS: tuple[type[Model], ...] = (
    Mesh,
    Service,
    Dependency,
    IdentityProvider,
    GatewaySettings,
    Route,
    RouteBackend,
    RateLimit,
)


def dump() -> str:
    """All rows, as JSON."""
    rows = [row for model in CONFIGURATION_MODELS for row in model._default_manager.order_by("pk")]
    return str(serializers.serialize("json", rows))


def restore(text: str) -> None:
    """Make the rows what they were: change, add and remove. To be called inside of `changing`.

    Raises django.db.ProtectedError where something that would be removed is needed by what has come since.
    """
    found = list(serializers.deserialize("json", text))
    for model in reversed(CONFIGURATION_MODELS):
        kept = [each.object.pk for each in found if isinstance(each.object, model)]
        model._default_manager.exclude(pk__in=kept).delete()
    for model in CONFIGURATION_MODELS:
        _put_back(model, [each.object for each in found if isinstance(each.object, model)])


def _put_back(model: type[Model], rows: Sequence[Model]) -> None:
    columns = [field.name for field in model._meta.concrete_fields if not field.primary_key]
    model._default_manager.bulk_create(
        rows, update_conflicts=True, unique_fields=["pk"], update_fields=columns, batch_size=1000
    )
