"""Handing a configuration to a running Envoy so that no request fails on the way.

Order: first the clusters, old ones and new ones together; once Envoy has taken and warmed them, the filters' settings, the
routes, the listeners; at last the clusters without the old ones. Envoy acknowledges a file by repeating its version in a
statistic. What it refuses is taken back, file by file, and the last good configuration goes on serving.
"""

import time
from dataclasses import dataclass
from pathlib import Path

from mesh.dataplane import disk
from mesh.dataplane.documents import Document, Documents, cds
from mesh.dataplane.envoy_admin import EnvoyAdmin, EnvoyUnreachable
from mesh.dataplane.spec import Json
from opinion_market.kernel.errors import DomainError

PATIENCE_S = 5.0
# A cluster whose instances do not answer its first health check is used all the same.
WARMING_PATIENCE_S = 2.0
_PAUSE_S = 0.005


class PublicationRefused(DomainError):
    """Envoy did not take a file; the earlier ones are back in place."""

    code = "publication_refused"
    status = 409
    title = "Envoy did not take the configuration."


@dataclass(slots=True)
class Publisher:
    """One node's folder and its Envoy. Single-threaded."""

    folder: Path
    admin: EnvoyAdmin

    def publish(self, wanted: Documents) -> None:
        """Replace what differs. Raises PublicationRefused with everything as it was.

        With Envoy away the files are written for its next start; `is_taken` tells later whether it took them.
        """
        before = {document.name: disk.held(self.folder, document.name) for document in wanted.all}
        changed = [
            document
            for document in wanted.all
            if (held := before[document.name]) is None or held.version != document.version
        ]
        if not changed:
            return
        if not self.is_envoy_up() or before["cds"] is None:
            for document in wanted.all:
                disk.write(self.folder, document)
            return
        try:
            self._publish_in_order(wanted, {document.name for document in changed}, before)
        except (PublicationRefused, EnvoyUnreachable):
            self._restore(before)
            raise

    def is_envoy_up(self) -> bool:
        try:
            self.admin.server()
        except EnvoyUnreachable:
            return False
        return True

    def is_taken(self, wanted: Documents) -> bool:
        """Whether Envoy runs exactly these versions. Raises EnvoyUnreachable."""
        versions = self.admin.statistics("version_text")
        return all(versions.get(document.statistic) == document.version for document in wanted.all)

    def _publish_in_order(self, wanted: Documents, changed: set[str], before: dict[str, Document | None]) -> None:
        old = before["cds"]
        union = _together(old, wanted.cds) if old is not None else None
        if wanted.cds.name in changed:
            self._write(union or wanted.cds, statistic=wanted.cds.statistic)
            self._await_warm()
        listens_anew = wanted.lds.name in changed
        for document in wanted.ecds:
            if document.name in changed:
                # One that no listener names yet is read when the listener comes.
                self._write(document, is_awaited=not listens_anew)
        for document in wanted.rds:
            if document.name in changed:
                self._write(document)
        if listens_anew:
            self._write(wanted.lds)
            for document in wanted.ecds:
                self._await_version(document, document.statistic)
        if union is not None and wanted.cds.name in changed:
            self._write(wanted.cds)

    def _write(self, document: Document, *, statistic: str = "", is_awaited: bool = True) -> None:
        statistic = statistic or document.statistic
        refusals = self._refusals(statistic)
        disk.write(self.folder, document)
        if is_awaited:
            self._await_version(document, statistic, refusals=refusals)

    def _refusals(self, statistic: str) -> int:
        """How often Envoy has refused this file so far."""
        counter = statistic.removesuffix("version_text") + "update_rejected"
        return int(self.admin.statistics(f"^{_exactly(counter)}$").get(counter, 0))

    def _await_version(self, document: Document, statistic: str, *, refusals: int | None = None) -> None:
        until = time.monotonic() + PATIENCE_S
        while self.admin.statistics(f"^{_exactly(statistic)}$").get(statistic) != document.version:
            if refusals is not None and self._refusals(statistic) > refusals:
                raise PublicationRefused(f"Envoy refused {document.name}; its log says why.")
            if time.monotonic() > until:
                raise PublicationRefused(f"Envoy did not take {document.name} within {PATIENCE_S:g} s.")
            time.sleep(_PAUSE_S)

    def _await_warm(self) -> None:
        """Routes to a cluster that is still warming would answer 503."""
        until = time.monotonic() + WARMING_PATIENCE_S
        while time.monotonic() < until:
            if (
                self.admin.statistics("^cluster_manager[.]warming_clusters$").get("cluster_manager.warming_clusters")
                == 0
            ):
                return
            time.sleep(_PAUSE_S)

    def _restore(self, before: dict[str, Document | None]) -> None:
        for document in before.values():
            if document is not None:
                disk.write(self.folder, document)


def _exactly(name: str) -> str:
    """A regular expression of one name."""
    return name.replace(".", "[.]")


def _together(old: Document, new: Document) -> Document | None:
    """The new clusters and those old ones that are no more; None if there is no such."""
    wanted = disk.resources_in(new)
    names = {each["name"] for each in wanted}
    gone: list[Json] = [each for each in disk.resources_in(old) if each["name"] not in names]
    return cds([*wanted, *gone]) if gone else None
