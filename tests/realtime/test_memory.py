"""What clients leave behind when they go: nothing."""

import gc
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from markets.realtime.channels.market import MarketFeed
from markets.realtime.client import Client, Subscription
from tests.platform.processes import eventually
from tests.realtime.served import a_key
from tools.soak.memory import Sample, judge


def alive(*kinds):
    gc.collect()
    return [each for each in gc.get_objects() if type(each) in kinds]


def test_the_hub_forgets_clients_however_they_go(serve, venue):
    served = serve(lease_s=1.0, lease_renew_s=0.2, queue=20)
    markets, ann = [venue.market() for _ in range(2)], venue.trader()
    key = a_key(ann.user)
    from_before = len(alive(Client, Subscription, MarketFeed))

    def visit(number):
        with served.talk(X_API_Key=key) as talk:
            for channel in ("markets", "portfolio", *(f"market:{market}" for market in markets)):
                talk.subscribe(channel, **({"book": "deltas"} if "market:" in channel else {}))
            talk.subscribe("orders")
            if number % 3 == 0:
                talk.drop()
            elif number % 3 == 1:
                talk.say("unsubscribe", channel="orders")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(visit, range(18)))
    hub = served.hub
    assert eventually(lambda: not (hub.clients or hub._parties or hub._markets or hub.keeper._wishes))
    assert eventually(lambda: len(hub._tasks) <= 6)  # its duties
    # Each of the hub's duties that go through all of them may still name the one it looked at last.
    assert eventually(lambda: len(alive(Client, Subscription, MarketFeed)) <= from_before + 3)


def samples(growth_mib_per_minute, minutes=30):
    return [
        Sample(at_s, 0.0, 100 + min(at_s, 60) / 10 + (at_s % 7) / 10 + growth_mib_per_minute * at_s / 60)
        for at_s in range(10, minutes * 60 + 1, 10)
    ]


def test_the_criterion_of_the_soak_passes_a_process_that_warms_up_and_fails_one_that_leaks():
    assert judge(samples(0)).is_flat
    assert not judge(samples(0.6)).is_flat
    assert judge(samples(0.6)).slope_mib_per_h > 30


def test_a_short_soak_finds_the_memory_flat(committed_db, tmp_path):
    database = urlsplit(settings.ENV.database_url)._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    output = tmp_path / "soak.json"
    # Within seconds the warm-up is all there is, so more is allowed: 15 MiB is 40 KiB a visit.
    options = ["--minutes", "0.25", "--interval", "1", "--clients", "30", "--stays", "1", "--allowed-mib", "15"]
    done = subprocess.run(
        [sys.executable, "-m", "tools.soak.realtime", *options, "--output", str(output)],
        env={**os.environ, "DATABASE_URL": database},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(output.read_text())
    assert found["verdict"]["is_flat"]
    assert found["counts"]["visits"] > 50
    assert found["counts"]["frames"] > 500
    refusals = {name for name in found["counts"] if name.startswith("error ")}
    assert refusals <= {"error rate_limited", "error cancelling_now"}
