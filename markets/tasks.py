"""What Celery finds of markets: an explicit list over its subpackages. Nobody inside the project imports from here."""

from markets.analytics.leaderboards.tasks import compute_standings
from markets.audit.tasks import audit_exchange
from markets.lifecycle.tasks import drop_forgotten_evidence, run_schedule
from markets.performance.tasks import keep_exchange_figures
from markets.realtime.disconnects.tasks import cancel_disconnected
from markets.rewards.tasks import purge_reward_samples, run_reward_campaigns
from markets.trading.tasks import expire_due_orders, finish_kill_switches

__all__ = [
    "audit_exchange",
    "cancel_disconnected",
    "compute_standings",
    "drop_forgotten_evidence",
    "expire_due_orders",
    "finish_kill_switches",
    "keep_exchange_figures",
    "purge_reward_samples",
    "run_reward_campaigns",
    "run_schedule",
]
