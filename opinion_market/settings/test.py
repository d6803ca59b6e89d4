"""What the tests use: cheap password hashing and no manifest of static files; all else as in production."""

from opinion_market.settings.base import *  # noqa: F403 - settings modules extend one another by design
from opinion_market.settings.base import CACHES, ENV

ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", "testserver"]
CACHES = {"default": {**CACHES["default"], "KEY_PREFIX": ENV.pytest_xdist_worker}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "evidence": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Files are looked up when asked for: nothing has been collected, and WhiteNoise would warn about that.
WHITENOISE_AUTOREFRESH = True
# A thread's connection would outlive the test database; tests write the figures themselves.
RECORD_EXCHANGE_FIGURES = False
