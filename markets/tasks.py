"""What Celery finds of markets: an explicit list over its subpackages. Nobody inside the project imports from here."""

from markets.audit.tasks import audit_exchange
from markets.lifecycle.tasks import drop_forgotten_evidence, run_schedule
from markets.trading.tasks import expire_due_orders

__all__ = ["audit_exchange", "drop_forgotten_evidence", "expire_due_orders", "run_schedule"]
