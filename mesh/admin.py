"""What Django's admin finds of the mesh: an explicit list over its subpackages. Nobody inside the project imports from here."""

from mesh.dataplane.admin import ConfigSnapshotAdmin, NodeAdmin

__all__ = ["ConfigSnapshotAdmin", "NodeAdmin"]
