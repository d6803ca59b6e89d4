"""Production: HTTPS only. `env.py` insists on named hosts and an https:// address."""

from opinion_market.settings.base import *  # noqa: F403 - settings modules extend one another by design

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^health$", r"^ready$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
# To be on the browsers' preload list is a promise about a whole domain, which is its owner's to give.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
