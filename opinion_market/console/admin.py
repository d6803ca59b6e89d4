"""Periodic tasks in the console. They are the platform's, so they are for superusers."""

from django.contrib import admin
from django_celery_beat import admin as celery_beat_pages
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from unfold.admin import ModelAdmin

from governance.access.console import SUPERUSER, CatalogueAdminMixin
from markets.oversight.columns import duration_text

# Importing django_celery_beat's pages has registered them; ours takes their place.
assert celery_beat_pages.PeriodicTaskAdmin  # noqa: S101
for model in (PeriodicTask, IntervalSchedule, CrontabSchedule, ClockedSchedule, SolarSchedule):
    admin.site.unregister(model)


@admin.register(PeriodicTask)
class PlatformTaskAdmin(CatalogueAdminMixin, ModelAdmin):  # type: ignore[misc]
    """A task may be paused. Which there are, and how often they run, is decided by the code and restored at each start."""

    view_permission = SUPERUSER
    change_permission = SUPERUSER
    organization_lookup = None
    list_display = ("name", "task", "enabled", "schedule", "last_run_at", "total_run_count")
    list_filter = ("enabled",)
    list_select_related = ("interval", "crontab", "solar", "clocked")
    search_fields = ("name", "task")
    ordering = ("name",)
    fields = ("name", "task", "enabled", "schedule", "description", "last_run_at", "total_run_count")
    readonly_fields = ("name", "task", "schedule", "description", "last_run_at", "total_run_count")
    actions = None

    @admin.display(description="Runs")
    def schedule(self, task: PeriodicTask) -> str:
        interval = task.interval
        if interval is None:
            return str(task.scheduler)
        return f"every {duration_text(int(interval.schedule.run_every.total_seconds())).removeprefix('1 ')}"
