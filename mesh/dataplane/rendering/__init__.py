"""From what is wanted to Envoy's resources: pure functions from `spec` to the JSON of Envoy's v3 API.

The same wishes render to the same bytes. Names in the result: `@config`, `@cache`, `@sockets` and `@logs` stand for the node's
folders and `@front_door` for its addresses, which `mesh.dataplane.localising` fills in.
"""
