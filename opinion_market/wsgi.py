"""The WSGI entry point: granian under `make run`; gunicorn and others serve it alike."""

import gc
import sys

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application

from opinion_market.settings.env import SettingsError, choose_settings_module


def _application() -> WSGIHandler:
    """Load Django, or end the process with the one sentence that says which setting is wrong."""
    try:
        choose_settings_module()
        loaded = get_wsgi_application()
    except SettingsError as error:
        sys.exit(str(error))
    # What has been loaded stays for good; the garbage collector need not walk it again and again under load.
    gc.freeze()
    return loaded


application = _application()
