"""What was published, and where it runs."""

from mesh.dataplane import documents
from mesh.dataplane.comparing import Difference, differences
from mesh.dataplane.models import ConfigSnapshot


def changed_by(snapshot: ConfigSnapshot) -> list[Difference]:
    """What a configuration changed, compared with the one before it. One query."""
    before = ConfigSnapshot.objects.filter(pk__lt=snapshot.pk).order_by("-pk").first()
    return differences(
        documents.loaded(before.resources) if before is not None else None, documents.loaded(snapshot.resources)
    )
