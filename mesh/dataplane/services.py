"""Changes of the data plane's wishes."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction

from governance.identity.models import User


@contextmanager
def changing(*, actor: User | None, reason: str, now: datetime) -> Iterator[None]:
    """One transaction around a change of rows."""
    with transaction.atomic():
        yield
