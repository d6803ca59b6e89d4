"""Sending a message to the workers, from any process: web servers and management commands have no Celery application loaded."""

from functools import cache
from typing import Any

from celery import Celery
from django.conf import settings


def send_task(name: str, *arguments: str) -> None:
    """Ask a worker to run the task with this name. Raises what the broker's client raises when it cannot be reached.

    Nothing may depend on the message: call it on commit, and have a periodic task find what no message came for.
    """
    _producer().send_task(name, args=arguments)


@cache
def _producer() -> Any:
    app = Celery("opinion_market", broker=settings.CELERY_BROKER_URL, set_as_current=False)
    app.config_from_object("django.conf:settings", namespace="CELERY")
    return app
