"""An open market with funded traders and their API keys, in the database of a running platform.

python -m tools.bench.screen_venue TRADERS, with the platform's environment. Prints one JSON object: market, keys, orders.
"""

import json
import sys

import django

from opinion_market.settings.env import choose_settings_module

choose_settings_module()
django.setup()

# Models may be imported only once Django is set up.
from governance.identity.models import ApiKey  # noqa: E402
from governance.identity.services import create_api_key  # noqa: E402
from opinion_market.kernel import clock  # noqa: E402
from tools.bench.orders import OrderFlow  # noqa: E402
from tools.bench.venue import make_venue  # noqa: E402

ORDERS = 5_000


def main(traders: int) -> None:
    venue = make_venue(markets=1, traders=traders)
    now = clock.now()
    keys = [
        create_api_key(actor=each, name="benchmark", scope=ApiKey.Scope.TRADE, now=now)[1] for each in venue.traders
    ]
    orders = [command.order for command in OrderFlow(venue.accounts, seed=11).batch(ORDERS)]
    bodies = [
        {
            "outcome": order.outcome,
            "side": "buy" if order.is_buy else "sell",
            "type": "limit",
            "price": order.price,
            "quantity": order.quantity,
        }
        for order in orders
    ]
    print(json.dumps({"market": venue.market_ids[0], "keys": keys, "orders": bodies}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
