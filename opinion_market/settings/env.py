"""The only reader of the environment: every setting that differs between installations, typed and validated.

No secret has a default. A missing or malformed value raises `SettingsError`, whose text is one sentence
naming the variable; entry points print it and exit instead of showing a traceback.
"""

import base64
import binascii
import os
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

SETTINGS_MODULES = {
    "development": "opinion_market.settings.dev",
    "test": "opinion_market.settings.test",
    "production": "opinion_market.settings.production",
}
BASE_DIR = Path(__file__).resolve().parent.parent.parent


class SettingsError(Exception):
    """A setting is missing or malformed; the text names the variable and says what is expected."""


def _is_postgresql(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ValueError("must start with postgresql://")
    if not parts.path.strip("/"):
        raise ValueError("must name a database, as in postgresql://user:password@host:5432/database")
    return value


def _is_redis(value: str) -> str:
    if urlsplit(value).scheme not in {"redis", "rediss", "unix"}:
        raise ValueError("must start with redis://, rediss:// or unix://")
    return value


def _is_web_address(value: str) -> str:
    if urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).netloc:
        raise ValueError("must be an address such as https://markets.example.org")
    return value.rstrip("/")


def _is_address(value: str) -> str:
    try:
        return str(ip_address(value))
    except ValueError:
        raise ValueError("must be an IP address of this machine such as 127.0.0.1 or 0.0.0.0") from None


def _is_seal_key(value: str) -> str:
    try:
        seed = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        seed = b""
    if len(seed) != 32:
        raise ValueError("must be 32 random bytes in base64url, as `manage.py rotate_seal_key` prints")
    return value


PostgresqlUrl = Annotated[str, AfterValidator(_is_postgresql)]
RedisUrl = Annotated[str, AfterValidator(_is_redis)]
WebAddress = Annotated[str, AfterValidator(_is_web_address)]
IpAddress = Annotated[str, AfterValidator(_is_address)]
SealKeyText = Annotated[str, AfterValidator(_is_seal_key)]


class Environment(BaseSettings):
    """What every process of an installation is told. Names are the environment variables, upper case."""

    model_config = SettingsConfigDict(extra="ignore", case_sensitive=False, env_ignore_empty=True)

    environment: Literal["development", "test", "production"]
    secret_key: str = Field(min_length=32)
    # The seed of the Ed25519 key that signs seals and statements.
    seal_key: SealKeyText = Field(repr=False)
    database_url: PostgresqlUrl
    redis_url: RedisUrl
    allowed_hosts: Annotated[list[str], NoDecode] = Field(default=[], validate_default=True)
    public_url: WebAddress = Field(default="http://localhost:8000", validate_default=True)
    static_root: Path = BASE_DIR / "var" / "static"
    evidence_root: Path = BASE_DIR / "var" / "evidence"
    archive_dir: Path = BASE_DIR / "var" / "archive"
    webhook_private_addresses: bool = False
    # Whether people may make accounts for themselves; the organization (its short name) they join, and what they start with.
    sign_up: bool = False
    sign_up_organization: str = ""
    sign_up_credits: int = Field(default=0, ge=0, le=1_000_000)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] = "json"
    # Load balancers in front of Envoy, whose X-Forwarded-For and X-Forwarded-Proto are believed.
    trusted_proxies: int = Field(default=0, ge=0, le=10)
    # The folder of the unix sockets behind Envoy, its own for administration among them; and the front door's port.
    mesh_sockets: Path = BASE_DIR / "var" / "sockets"
    mesh_port: int = Field(default=8000, ge=1, le=65535)
    # Read by `manage.py ensure_admin` alone.
    admin_password: str = Field(default="", repr=False)
    # Set by pytest-xdist; keeps the tests' cache keys of one process apart from another's.
    pytest_xdist_worker: str = ""

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def split_hosts(cls, value: object) -> object:
        return [host.strip() for host in value.split(",") if host.strip()] if isinstance(value, str) else value

    @field_validator("allowed_hosts")
    @classmethod
    def hosts_named_in_production(cls, value: list[str], info: ValidationInfo) -> list[str]:
        if info.data.get("environment") == "production" and not value:
            raise ValueError("must name the hosts a production installation answers to, separated by commas")
        return value

    @field_validator("public_url")
    @classmethod
    def encrypted_in_production(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("environment") == "production" and not value.startswith("https://"):
            raise ValueError("must start with https:// in production")
        return value


class Launch(BaseSettings):
    """What `make run` is told. What it starts itself, it tells the processes through `Environment`."""

    model_config = SettingsConfigDict(extra="ignore", case_sensitive=False, env_ignore_empty=True)

    environment: Literal["development", "production"] = "development"
    port: int = Field(default=8000, ge=1, le=65535)
    bind: IpAddress = "127.0.0.1"
    data_dir: Path = BASE_DIR / "var"
    simulate: bool = True
    # Not given: open in development, into the demonstration's first organization.
    sign_up: bool | None = None
    sign_up_organization: str | None = None
    sign_up_credits: int | None = Field(default=None, ge=0, le=1_000_000)
    web_threads: int = Field(default=32, ge=1, le=90)
    secret_key: str | None = Field(default=None, min_length=32)
    seal_key: SealKeyText | None = Field(default=None, repr=False)
    archive_dir: Path | None = None
    database_url: PostgresqlUrl | None = None
    redis_url: RedisUrl | None = None
    allowed_hosts: str | None = None
    public_url: WebAddress | None = None
    trusted_proxies: int = Field(default=0, ge=0, le=10)


Settings = TypeVar("Settings", bound=BaseSettings)


def choose_settings_module() -> str:
    """Pick the Django settings module from ENVIRONMENT, unless DJANGO_SETTINGS_MODULE names one already."""
    named = os.environ.get("DJANGO_SETTINGS_MODULE")
    if named:
        return named
    environment = os.environ.get("ENVIRONMENT", "")
    if environment not in SETTINGS_MODULES:
        raise SettingsError(
            f"ENVIRONMENT must be one of {', '.join(SETTINGS_MODULES)} (it is {environment or 'not set'})."
        )
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS_MODULES[environment]
    return SETTINGS_MODULES[environment]


def read_environment(values: Mapping[str, str] | None = None) -> Environment:
    """Validate what a process needs, read from the environment or from `values`, which has the same names.

    Raises SettingsError naming the first variable that is wrong.
    """
    return _read(Environment, values)


def read_launch() -> Launch:
    """Read and validate what `make run` needs. Raises SettingsError naming the first variable that is wrong."""
    return _read(Launch, None)


def _read(model: type[Settings], values: Mapping[str, str] | None) -> Settings:
    try:
        if values is None:
            return model()
        return model.model_validate(
            {name: values[name.upper()] for name in model.model_fields if values.get(name.upper())}
        )
    except ValidationError as error:
        # Without the input: it may be a secret.
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0]).upper()
        reason = "is not set" if first["type"] == "missing" else _after_name(first["msg"].removeprefix("Value error, "))
        raise SettingsError(f"{name} {reason}; see docs/settings.md.") from None


def _after_name(text: str) -> str:
    """pydantic's messages read "Input should be ..."; after a variable's name they read "should be ..."."""
    return text.removeprefix("Input ").removeprefix("String ")
