"""What Django's admin finds of the mesh: an explicit list over its subpackages. Nobody inside the project imports from here."""

from mesh.chaos.admin import ExperimentAdmin
from mesh.chaos.score_admin import ResilienceScoreAdmin

__all__ = ["ExperimentAdmin", "ResilienceScoreAdmin"]
