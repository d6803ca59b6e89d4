"""What Celery finds of markets: an explicit list over its subpackages. Nobody inside the project imports from here."""

from markets.audit.tasks import audit_exchange
from markets.lifecycle.tasks import close_due_markets
from markets.rewards.tasks import purge_reward_samples, run_reward_campaigns
from markets.trading.tasks import expire_due_orders, finish_kill_switches

__all__ = [
    "audit_exchange",
    "close_due_markets",
    "expire_due_orders",
    "finish_kill_switches",
    "purge_reward_samples",
    "run_reward_campaigns",
]
