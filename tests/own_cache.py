"""This worker's part of the cache. All workers share one Redis, which `cache.clear()` would empty for the others, too."""

from django.core.cache import cache


def forget_all() -> None:
    """Forget what this worker has cached, counted attempts included."""
    client = cache._cache.get_client(None, write=True)  # type: ignore[attr-defined]
    keys = list(client.scan_iter(match=f"{cache.key_prefix}:*", count=1_000))
    if keys:
        client.delete(*keys)
