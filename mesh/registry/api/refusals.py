"""Refusals that several of the registry's endpoints may answer."""

from mesh.registry.errors import AddressRefused, InvalidInstance, MeshNotFound, ServiceNotFound
from opinion_market.kernel.idempotency import IdempotencyKeyReused, InvalidIdempotencyKey

KEY_REFUSALS = (IdempotencyKeyReused, InvalidIdempotencyKey)
REGISTERING = (MeshNotFound, ServiceNotFound, InvalidInstance, AddressRefused, *KEY_REFUSALS)
