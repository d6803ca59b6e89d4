"""What Celery finds of governance: an explicit list over its subpackages. Nobody inside the project imports from here."""

from governance.identity.tasks import purge_revoked_tokens

__all__ = ["purge_revoked_tokens"]
