"""What a test's own uvicorn process serves: the product, with leases that are short enough to wait for."""

from importlib import import_module

from opinion_market.asgi import application as served

# Its models can be imported only once Django is loaded, which the line above does.
hub = import_module("markets.realtime.hub")
LIMITS = import_module("markets.realtime.limits").Limits(
    lease_s=1.5, lease_renew_s=0.3, recheck_s=0.3, check_versions_s=0.5
)
_hubs = []


async def application(scope, receive, send):
    if not _hubs:
        _hubs.append(hub.Hub(LIMITS))
        hub.use_hub(_hubs[0])
    await served(scope, receive, send)
