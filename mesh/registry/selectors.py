"""What is registered."""

from mesh.dataplane import spec
from mesh.registry.models import Instance, Service


def services_wanted() -> list[spec.Service]:
    by_service: dict[object, list[spec.Endpoint]] = {}
    for each in Instance.objects.order_by("pk"):
        by_service.setdefault(each.service_id, []).append(
            spec.Endpoint(
                address=each.address or "",
                port=each.port or 0,
                socket=each.socket,
                node=each.node,
                weight=each.weight,
                version=each.version,
            )
        )
    rows = Service.objects.select_related("mesh").exclude(protocol="tcp").order_by("mesh__name", "name")
    return [spec.Service(mesh=row.mesh.name, name=row.name, endpoints=by_service.get(row.pk, [])) for row in rows]
