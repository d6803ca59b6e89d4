"""What uvicorn serves for the benchmark of the hub."""

from importlib import import_module

from opinion_market.asgi import application as served

# Its models can be imported only once Django is loaded, which the line above does.
application = import_module("tools.bench.realtime_server").in_front_of(served)
