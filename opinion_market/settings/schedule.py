"""What Celery beat starts, and how often. Every entry names a task by its explicit name."""

from datetime import timedelta

CELERY_BEAT_SCHEDULE: dict[str, dict[str, object]] = {
    "purge-idempotency-records": {"task": "kernel.purge_idempotency_records", "schedule": timedelta(hours=1)},
    # A round that is not taken within four seconds is dropped: the next one does its work.
    "run-subscriptions": {
        "task": "eventstore.run_subscriptions",
        "schedule": timedelta(seconds=2),
        "options": {"expires": 4},
    },
    "seal-events": {"task": "eventstore.seal_events", "schedule": timedelta(hours=1)},
    "archive-events": {"task": "eventstore.archive_events", "schedule": timedelta(hours=24)},
    "continue-rebuilds": {
        "task": "eventstore.continue_rebuilds",
        "schedule": timedelta(seconds=4),
        "options": {"expires": 4},
    },
    "deliver-due": {
        "task": "eventstore.deliver_due",
        "schedule": timedelta(seconds=3),
        "options": {"expires": 3},
    },
    "take-due-snapshots": {
        "task": "eventstore.take_due_snapshots",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "run-due-commands": {
        "task": "eventstore.run_due_commands",
        "schedule": timedelta(seconds=5),
        "options": {"expires": 10},
    },
    "run-due-processes": {
        "task": "eventstore.run_due_processes",
        "schedule": timedelta(seconds=5),
        "options": {"expires": 10},
    },
    "purge-revoked-tokens": {"task": "governance.purge_revoked_tokens", "schedule": timedelta(hours=24)},
    # A market that is late to open or close takes orders by its own hours: the sequencer looks at the time itself.
    "run-schedule": {"task": "markets.run_schedule", "schedule": timedelta(seconds=1), "options": {"expires": 2}},
    "drop-forgotten-evidence": {"task": "markets.drop_forgotten_evidence", "schedule": timedelta(hours=1)},
    "expire-due-orders": {
        "task": "markets.expire_due_orders",
        "schedule": timedelta(seconds=5),
        "options": {"expires": 10},
    },
    # Beside the processes that hold sockets, which do the same: for when none of them is left.
    "cancel-disconnected": {
        "task": "markets.cancel_disconnected",
        "schedule": timedelta(seconds=2),
        "options": {"expires": 4},
    },
    "finish-kill-switches": {
        "task": "markets.finish_kill_switches",
        "schedule": timedelta(seconds=15),
        "options": {"expires": 30},
    },
    # Thrice a minute, so that none is missed by a hair; a minute is sampled once.
    "run-reward-campaigns": {
        "task": "markets.run_reward_campaigns",
        "schedule": timedelta(seconds=20),
        "options": {"expires": 20},
    },
    "keep-exchange-figures": {
        "task": "markets.keep_exchange_figures",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "purge-reward-samples": {"task": "markets.purge_reward_samples", "schedule": timedelta(hours=24)},
    "compute-standings": {
        "task": "markets.compute_standings",
        "schedule": timedelta(minutes=10),
        "options": {"expires": 600},
    },
    # Controllers do it every second; this is for where none runs.
    "sweep-leases": {"task": "mesh.sweep_leases", "schedule": timedelta(seconds=15), "options": {"expires": 15}},
    "purge-mesh-history": {"task": "mesh.purge_history", "schedule": timedelta(hours=1)},
    # A third of the lease, so that one round may be lost.
    "renew-worker": {"task": "mesh.renew_worker", "schedule": timedelta(seconds=5), "options": {"expires": 5}},
    "purge-request-log": {"task": "mesh.purge_request_log", "schedule": timedelta(minutes=10)},
    # An interval rather than a time of day: beat remembers the last run, so a night that was missed is made up for.
    "audit-exchange": {"task": "markets.audit_exchange", "schedule": timedelta(hours=24)},
}
