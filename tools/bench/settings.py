"""The tests' settings, which are production's but for encryption, with one more address: the view that does nothing."""

from opinion_market.settings.test import *  # noqa: F403 - settings modules extend one another by design

ROOT_URLCONF = "tools.bench.urls"
