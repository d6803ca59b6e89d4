"""What Celery beat starts, and how often. Every entry names a task by its explicit name."""

from datetime import timedelta

CELERY_BEAT_SCHEDULE: dict[str, dict[str, object]] = {
    "purge-idempotency-records": {"task": "kernel.purge_idempotency_records", "schedule": timedelta(hours=1)},
    "purge-revoked-tokens": {"task": "governance.purge_revoked_tokens", "schedule": timedelta(hours=24)},
}
