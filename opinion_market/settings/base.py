"""Settings that every installation shares. What differs comes from `env.py`; nothing here reads the environment."""

from urllib.parse import parse_qsl, unquote, urlsplit

from django.utils.translation import gettext_lazy as _

from opinion_market.settings.api import *  # noqa: F403 - settings modules extend one another by design
from opinion_market.settings.console import *  # noqa: F403
from opinion_market.settings.env import BASE_DIR, read_environment
from opinion_market.settings.oauth import *  # noqa: F403
from opinion_market.settings.schedule import CELERY_BEAT_SCHEDULE  # noqa: F401 - a setting, read by Celery

ENV = read_environment()

SECRET_KEY = ENV.secret_key
SEAL_KEY = ENV.seal_key
ARCHIVE_DIR = ENV.archive_dir
DEBUG = False
ALLOWED_HOSTS = ENV.allowed_hosts
PUBLIC_URL = ENV.public_url
SIGN_UP = ENV.sign_up
SIGN_UP_ORGANIZATION = ENV.sign_up_organization
SIGN_UP_CREDITS = ENV.sign_up_credits
# Whether processes write down what their sequencers do, once a second.
RECORD_EXCHANGE_FIGURES = True
MESH_SOCKETS = ENV.mesh_sockets
MESH_PORT = ENV.mesh_port
WEBHOOK_PRIVATE_ADDRESSES = ENV.webhook_private_addresses
MESH_NODE = ENV.mesh_node
CSRF_TRUSTED_ORIGINS = [ENV.public_url]

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.guardian",
    "unfold.contrib.import_export",
    "opinion_market.console",
    "opinion_market.console.apps.ConsoleAdminConfig",
    "opinion_market.pages",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "guardian",
    "auditlog",
    "import_export",
    "django_celery_beat",
    "oauth2_provider",
    "opinion_market.kernel",
    "opinion_market.eventstore",
    "opinion_market.api",
    "governance",
    "markets",
    "mesh",
]

MIDDLEWARE = [
    "opinion_market.kernel.correlation.CorrelationMiddleware",
    "mesh.gateway.authorising.AuthorisingMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "opinion_market.api.middleware.PlainPathMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "governance.audit.middleware.ActorMiddleware",
]

ROOT_URLCONF = "opinion_market.urls"
WSGI_APPLICATION = "opinion_market.wsgi.application"
ASGI_APPLICATION = "opinion_market.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]


def database_from_url(url: str) -> dict[str, object]:
    """Django's DATABASES entry for a libpq URL; a unix socket folder may be given as `?host=/folder`."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", parts.hostname or ""),
        "PORT": query.pop("port", parts.port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        # For `kernel.prepared`: a hot statement keeps one plan for all parameters once it has run so often on a
        # connection. Planned anew each time, arrays make the same plan at a multiple of the statement's own cost.
        "OPTIONS": {"prepare_threshold": 3, "options": "-c plan_cache_mode=force_generic_plan", **query},
    }


DATABASES = {"default": database_from_url(ENV.database_url)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": ENV.redis_url}}
CHANNEL_LAYERS = {
    "default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [ENV.redis_url]}}
}

# kombu spells a unix socket differently from redis-py.
CELERY_BROKER_URL = ENV.redis_url.replace("unix://", "redis+socket://", 1)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"

AUTH_USER_MODEL = "governance.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
]
GUARDIAN_MONKEY_PATCH_USER = False
ANONYMOUS_USER_NAME = None
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "admin:login"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = ENV.static_root
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Private: no address leads there; files are served by a view that asks who may see them.
    "evidence": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": ENV.evidence_root, "file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = ENV.public_url.startswith("https://")
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"correlation": {"()": "opinion_market.kernel.correlation.CorrelationFilter"}},
    "formatters": {
        "text": {"format": "%(asctime)s %(levelname)s %(name)s [%(correlation_id)s] %(message)s"},
        "json": {"()": "opinion_market.kernel.logs.JsonFormatter"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": ENV.log_format, "filters": ["correlation"]},
    },
    "root": {"handlers": ["console"], "level": ENV.log_level},
    # It logs whole addresses, and an address may hold somebody's data.
    "loggers": {"httpx": {"level": "WARNING"}},
}
