"""`/health`, `/ready`, `/info`: for load balancers, orchestrators and the curious. No credentials, no database for liveness."""

import pkgutil
import tomllib
from functools import cache
from pathlib import Path

from django.apps import apps
from django.core.cache import cache as redis_cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from opinion_market.api.errors import NotReady
from opinion_market.api.problems import Problem, problem_response
from opinion_market.settings.env import BASE_DIR


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """The process answers. Depends on nothing, so that an ailing database does not get the whole fleet restarted."""
    return JsonResponse({"status": "ok"})


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Database, Redis and schema are as the code expects; otherwise 503, naming what is not."""
    failed = [name for name, works in (("database", _database), ("redis", _redis)) if not works()]
    if "database" not in failed and not _migrated():
        failed.append("migrations")
    if failed:
        return problem_response(Problem(NotReady(f"Not ready: {', '.join(failed)}.", failed=list(failed))), request)
    return JsonResponse({"status": "ready"})


@require_safe
def info(request: HttpRequest) -> HttpResponse:
    """Product, version, and the capabilities this installation really has: its domain apps and their parts."""
    return JsonResponse({"product": "Opinion Market", "version": version(), "capabilities": capabilities()})


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _redis() -> bool:
    try:
        redis_cache.get("ready")
    except (RedisError, OSError):
        return False
    return True


_seen_migrated: set[bool] = set()


def _migrated() -> bool:
    """Whether no migration is waiting. Asked of the database until it is so; this code cannot become unmigrated later."""
    if not _seen_migrated:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        _seen_migrated.add(True)
    return True


@cache
def version() -> str:
    """The version in pyproject.toml, which is the only place that names it."""
    text = (BASE_DIR / "pyproject.toml").read_text(encoding="utf-8")
    found: str = tomllib.loads(text)["project"]["version"]
    return found


@cache
def capabilities() -> dict[str, list[str]]:
    """Each installed app of this project, with its subpackages."""
    found: dict[str, list[str]] = {}
    for config in apps.get_app_configs():
        folder = Path(config.path)
        if folder.is_relative_to(BASE_DIR) and ".venv" not in folder.parts:
            parts = (module.name for module in pkgutil.iter_modules([config.path]) if module.ispkg)
            found[config.name] = sorted(name for name in parts if name not in {"migrations", "management"})
    return found
