"""The front door as Envoy's JSON: pure functions of `mesh.gateway.spec`. Reference: Envoy v3 API, tried with 1.40.

What changes with routes is in the route configuration, and what holds counters comes by extension config discovery, so
that publishing a route replaces neither the listener nor a counter.
"""

from mesh.gateway.rendering.chain import extension_configs, http_filters, static_http_filters
from mesh.gateway.rendering.clusters import clusters
from mesh.gateway.rendering.manager import manager_options
from mesh.gateway.rendering.routes import virtual_hosts

__all__ = ["clusters", "extension_configs", "http_filters", "manager_options", "static_http_filters", "virtual_hosts"]
