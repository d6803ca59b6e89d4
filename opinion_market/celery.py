"""The Celery application. Tasks are found in each app's `tasks` module; Redis is the broker."""

import sys

from celery import Celery, signals
from django.conf import settings

from opinion_market.settings.env import SettingsError, choose_settings_module


def keep_project_logging(**_signal: object) -> None:
    """Having a receiver stops Celery from replacing the logging that the settings configure."""


signals.setup_logging.connect(keep_project_logging)


def _application() -> Celery:
    """Load the settings, or end the process with the one sentence that says which is wrong."""
    try:
        choose_settings_module()
        app = Celery("opinion_market", broker=settings.CELERY_BROKER_URL)
    except SettingsError as error:
        sys.exit(str(error))
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.autodiscover_tasks()
    return app


app = _application()
