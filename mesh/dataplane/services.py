"""Changes of what the data plane is to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction

from governance.identity.models import User


@contextmanager
def changing(*, actor: User, reason: str, now: datetime) -> Iterator[None]:
    """One transaction in which rows are changed that describe what is wanted."""
    with transaction.atomic():
        yield
