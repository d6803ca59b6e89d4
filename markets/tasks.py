"""What Celery finds of markets: an explicit list over its subpackages. Nobody inside the project imports from here."""

from markets.analytics.leaderboards.tasks import compute_standings
from markets.audit.tasks import audit_exchange
from markets.lifecycle.tasks import close_due_markets
from markets.trading.tasks import expire_due_orders

__all__ = ["audit_exchange", "close_due_markets", "compute_standings", "expire_due_orders"]
