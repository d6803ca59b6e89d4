"""Who says to depend on whom."""

from django.db import models
from django.db.models import F, Q

from opinion_market.kernel.models import UuidModel


class Dependency(UuidModel):
    """One service calls another: as declared. What was observed is read from the calls themselves."""

    caller = models.ForeignKey("mesh.Service", on_delete=models.CASCADE, related_name="depends_on")
    called = models.ForeignKey("mesh.Service", on_delete=models.CASCADE, related_name="needed_by")
    is_critical = models.BooleanField(default=True, help_text="The caller cannot work without it.")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["caller", "called"]
        verbose_name_plural = "dependencies"
        constraints = [
            models.UniqueConstraint(fields=["caller", "called"], name="dependency_caller_called"),
            models.CheckConstraint(condition=~Q(caller=F("called")), name="dependency_of_another"),
        ]

    def __str__(self) -> str:
        return f"{self.caller_id} on {self.called_id}"
