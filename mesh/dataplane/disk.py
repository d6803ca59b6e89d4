"""The node's folder of configuration files, which Envoy watches and starts from.

A file is replaced whole: written beside, flushed, renamed, the folder flushed. Whoever is killed in between leaves the old one.
"""

import os
from pathlib import Path

import orjson

from mesh.dataplane.documents import Document, documents, resources_of
from mesh.dataplane.localising import localise
from mesh.dataplane.spec import Host, Resources

_PUBLISHED = "published"


def write(folder: Path, document: Document) -> None:
    """Replace one file."""
    replace_file(folder / f"{document.name}.json", document.content)


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file's content at once, durably."""
    # Another folder, so that no watcher wakes for a half-written file.
    beside = path.parent / "new"
    beside.mkdir(mode=0o700, exist_ok=True)
    new = beside / path.name
    with new.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def note_published(folder: Path, snapshot: int, resources: bytes) -> None:
    """Remember which snapshot the folder holds, and the snapshot itself: the next start may find other addresses."""
    replace_file(folder / f"{_PUBLISHED}.json", b'{"snapshot":%d,"resources":%b}' % (snapshot, resources))


def published(folder: Path) -> tuple[int, Resources] | None:
    """The snapshot the folder holds, by number and content; None for a new folder."""
    try:
        noted = orjson.loads((folder / f"{_PUBLISHED}.json").read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        return None
    return noted["snapshot"], resources_of(noted["resources"])


def write_for_start(folder: Path, host: Host) -> bool:
    """Write all files from what was last published, for an Envoy that is about to start here. False if nothing was yet.

    Needs no database: it is how a node serves while the control plane is away.
    """
    known = published(folder)
    if known is None:
        return False
    for document in documents(localise(known[1], host)).all:
        if (there := held(folder, document.name)) is None or there.version != document.version:
            write(folder, document)
    return True


def held(folder: Path, name: str) -> Document | None:
    """A file as it is, without its statistic; None if there is none."""
    try:
        content = (folder / f"{name}.json").read_bytes()
    except FileNotFoundError:
        return None
    return Document(name, orjson.loads(content)["version_info"], content, "")


def resources_in(document: Document) -> list[dict[str, object]]:
    """What a file holds."""
    found: list[dict[str, object]] = orjson.loads(document.content)["resources"]
    return found
