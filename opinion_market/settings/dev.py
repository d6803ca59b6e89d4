"""What `make run` uses: the production settings, served over plain HTTP on this machine."""

from opinion_market.settings.base import *  # noqa: F403 - settings modules extend one another by design
from opinion_market.settings.base import ENV

ALLOWED_HOSTS = ENV.allowed_hosts or ["localhost", "127.0.0.1", "[::1]"]
