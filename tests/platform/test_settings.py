"""A wrong or missing setting ends the start with one sentence that names the variable."""

import re
import subprocess
import sys

import pytest

from opinion_market.settings.env import BASE_DIR, Environment, Launch

WORKING = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "x" * 40,
    "SEAL_KEY": "A" * 43,
    "DATABASE_URL": "postgresql://markets@database.example.org/markets",
    "REDIS_URL": "redis://redis.example.org",
    "ALLOWED_HOSTS": "markets.example.org",
    "PUBLIC_URL": "https://markets.example.org",
}
WRONG = [
    ("ENVIRONMENT", ""),
    ("ENVIRONMENT", "prod"),
    ("SECRET_KEY", ""),
    ("SECRET_KEY", "short"),
    ("SEAL_KEY", ""),
    ("SEAL_KEY", "A" * 42),
    ("SEAL_KEY", "!" * 43),
    ("DATABASE_URL", ""),
    ("DATABASE_URL", "mysql://markets@database/markets"),
    ("DATABASE_URL", "postgresql://database"),
    ("REDIS_URL", ""),
    ("REDIS_URL", "memcached://redis"),
    ("ALLOWED_HOSTS", ""),
    ("ALLOWED_HOSTS", " , "),
    ("PUBLIC_URL", ""),
    ("PUBLIC_URL", "http://markets.example.org"),
    ("PUBLIC_URL", "markets.example.org"),
    ("LOG_LEVEL", "LOUD"),
    ("TRUSTED_PROXIES", "several"),
]
ENTRY_POINTS = {
    "manage.py": ("manage.py", "check"),
    "wsgi": ("-c", "import opinion_market.wsgi"),
    "asgi": ("-c", "import opinion_market.asgi"),
    "celery": ("-c", "import opinion_market.celery"),
}


def run(arguments: tuple[str, ...], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], env=environment, cwd=BASE_DIR, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_production_setting_is_named_in_one_sentence(
    clean_environment: dict[str, str], name: str, value: str
) -> None:
    result = run(("-c", "import opinion_market.wsgi"), {**clean_environment, **WORKING, name: value})
    assert result.returncode != 0
    assert result.stderr.startswith(f"{name} ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("entry_point", ENTRY_POINTS)
def test_every_entry_point_says_it_without_a_traceback(clean_environment: dict[str, str], entry_point: str) -> None:
    result = run(ENTRY_POINTS[entry_point], {**clean_environment, **WORKING, "SECRET_KEY": ""})
    assert (result.returncode, result.stdout, result.stderr) == (
        1,
        "",
        "SECRET_KEY is not set; see docs/settings.md.\n",
    )


def test_a_secret_that_is_refused_is_not_repeated(clean_environment: dict[str, str]) -> None:
    result = run(ENTRY_POINTS["wsgi"], {**clean_environment, **WORKING, "SECRET_KEY": "hunter2"})
    assert "hunter2" not in result.stderr


def test_working_production_settings_pass_djangos_deployment_check(clean_environment: dict[str, str]) -> None:
    arguments = ("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    result = run(
        arguments, {**clean_environment, **WORKING, "SECRET_KEY": "4kQ8mZ_w1xT7vN3bR6yP0sD9fG2hJ5lC-aE_uIoQrStWzXk1mB"}
    )
    assert result.returncode == 0, result.stderr


def test_the_document_lists_every_variable_and_no_other() -> None:
    documented = set(re.findall(r"^\| `([A-Z_]+)`", (BASE_DIR / "docs" / "settings.md").read_text(), re.MULTILINE))
    assert documented == {name.upper() for model in (Environment, Launch) for name in model.model_fields}
