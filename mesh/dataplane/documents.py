"""Resources as the files Envoy reads: DiscoveryResponses, each with a version that is the hash of its content."""

import hashlib
from dataclasses import dataclass

import orjson

from mesh.dataplane.spec import Json, Resources


@dataclass(frozen=True, slots=True)
class Document:
    """One file: its name without `.json`, its version, its bytes, and the statistic in which Envoy repeats the version."""

    name: str
    version: str
    content: bytes
    statistic: str


def cds(clusters: list[Json]) -> Document:
    return _document("cds", clusters, "cluster_manager.cds.version_text")


def lds(listeners: list[Json]) -> Document:
    return _document("lds", listeners, "listener_manager.lds.version_text")


def rds(name: str, routes: Json) -> Document:
    return _document(f"rds-{name}", [routes], f"http.{name}.rds.{name}.version_text")


def ecds(name: str, config: Json) -> Document:
    return _document(f"ecds-{name}", [config], f"extension_config_discovery.http_filter.{name}.version_text")


@dataclass(frozen=True, slots=True)
class Documents:
    """All files of one configuration, by the way they are delivered."""

    cds: Document
    lds: Document
    rds: tuple[Document, ...]
    ecds: tuple[Document, ...]

    @property
    def all(self) -> tuple[Document, ...]:
        """In an order in which a starting Envoy may find them in any mixture."""
        return (self.cds, *self.ecds, *self.rds, self.lds)


def documents(resources: Resources) -> Documents:
    """The files of localised resources."""
    return Documents(
        cds=cds(list(resources.cds)),
        lds=lds(list(resources.lds)),
        rds=tuple(rds(name, routes) for name, routes in sorted(resources.rds.items())),
        ecds=tuple(ecds(name, config) for name, config in sorted(resources.ecds.items())),
    )


def digest(resources: Resources) -> str:
    """SHA-256 of resources, the same for the same wishes."""
    return hashlib.sha256(dumped(resources)).hexdigest()


def dumped(resources: Resources) -> bytes:
    """Resources as JSON with sorted keys: what a snapshot keeps."""
    whole = {"cds": resources.cds, "lds": resources.lds, "rds": resources.rds, "ecds": resources.ecds}
    return orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)


def loaded(content: str | bytes) -> Resources:
    """The inverse of `dumped`."""
    return resources_of(orjson.loads(content))


def resources_of(whole: Json) -> Resources:
    """Resources from their JSON object."""
    cds, lds, rds, ecds = (whole[name] for name in ("cds", "lds", "rds", "ecds"))
    if not (isinstance(cds, list) and isinstance(lds, list) and isinstance(rds, dict) and isinstance(ecds, dict)):
        raise ValueError("These are no resources.")
    return Resources(cds=cds, lds=lds, rds=rds, ecds=ecds)


def _document(name: str, resources: list[Json], statistic: str) -> Document:
    body = orjson.dumps(resources, option=orjson.OPT_SORT_KEYS)
    version = hashlib.sha256(body).hexdigest()[:16]
    return Document(name, version, b'{"version_info":"' + version.encode() + b'","resources":' + body + b"}", statistic)
