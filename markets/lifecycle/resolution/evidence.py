"""Evidence: files and links. What a file is, its bytes say; its sender's word for it is not taken."""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import PurePosixPath
from urllib.parse import urlsplit
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Q, QuerySet

from governance.access.policies import Access, is_member
from governance.identity.models import User
from markets.lifecycle.models import Market
from markets.lifecycle.resolution.errors import EvidenceNotFound, EvidenceRefused, TooMuchEvidence
from markets.lifecycle.resolution.models import Evidence
from markets.trading.errors import NotAMember

MAX_BYTES = 5 * 1024 * 1024
MAX_PIECES = 10
KEPT_WAITING = timedelta(days=1)
_SIGNATURES = ((b"%PDF-", "application/pdf"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))
_ENDINGS = {
    "application/pdf": ".pdf",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "text/plain": ".txt",
}
_NOT_GIVEN = Q(proposal=None, dispute=None, request=None)


def media_type_of(content: bytes) -> str:
    """What a file is by its contents. Raises EvidenceRefused for anything but the types that are taken."""
    for signature, media_type in _SIGNATURES:
        if content.startswith(signature):
            return media_type
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise EvidenceRefused("A file must be PDF, PNG, JPEG, WebP or plain text in UTF-8.")
    return "text/plain"


def safe_name(name: str, media_type: str) -> str:
    """The name without folders and control characters, ending as the contents do, so that nobody opens it as something else."""
    plain = re.sub(r"[^\w .()-]+", "_", PurePosixPath(name.replace("\\", "/")).name).strip(" .")
    stem = PurePosixPath(plain).stem if plain else ""
    return f"{(stem or 'evidence')[:100]}{_ENDINGS[media_type]}"


def checked_link(url: str) -> str:
    """An http(s) address with a host and without credentials. Raises EvidenceRefused."""
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname
        _ = parts.port
    except ValueError:
        host = None
        parts = urlsplit("")
    if (
        parts.scheme not in {"http", "https"}
        or not host
        or parts.username
        or re.search(r"[\s\x00-\x1f<>\"]", url.strip())
    ):
        raise EvidenceRefused("A link is a whole http or https address.")
    return url.strip()


@transaction.atomic
def add_file(*, actor: User, market: Market, name: str, file: "UploadedFile[bytes]", now: datetime) -> Evidence:
    """Keep a file until it is given with a step. The same bytes again are the same evidence.

    Members of the market's organization may. Locks: market. Raises: NotAMember, EvidenceRefused, TooMuchEvidence.
    """
    if not 0 < (file.size or 0) <= MAX_BYTES:
        raise EvidenceRefused(f"A file has 1 to {MAX_BYTES} bytes.", maximum_bytes=MAX_BYTES)
    content = file.read(MAX_BYTES + 1)
    media_type = media_type_of(content)
    sha256 = hashlib.sha256(content).hexdigest()
    if (known := _waiting_with(actor, market, sha256)) is not None:
        return known
    piece = Evidence(
        market=market,
        kind=Evidence.Kind.FILE,
        name=safe_name(name, media_type),
        media_type=media_type,
        size_bytes=len(content),
        sha256=sha256,
        added_by=actor,
        added_at=now,
    )
    # Named by its id: nothing of what the sender called it reaches the file system.
    piece.file.save(f"{market.pk}/{piece.pk}", ContentFile(content), save=False)
    piece.save(force_insert=True)
    return piece


@transaction.atomic
def add_link(*, actor: User, market: Market, url: str, title: str, now: datetime) -> Evidence:
    """Keep a link until it is given with a step. Locks: market. Raises: NotAMember, EvidenceRefused, TooMuchEvidence."""
    address = checked_link(url)
    sha256 = hashlib.sha256(address.encode()).hexdigest()
    if (known := _waiting_with(actor, market, sha256)) is not None:
        return known
    return Evidence.objects.create(
        market=market,
        kind=Evidence.Kind.LINK,
        name=title.strip() or address[:200],
        url=address,
        sha256=sha256,
        added_by=actor,
        added_at=now,
    )


def _waiting_with(actor: User, market: Market, sha256: str) -> Evidence | None:
    """The same piece among those of the actor that wait. Raises NotAMember, and TooMuchEvidence if as many wait as may."""
    if not is_member(actor, market.organization_id):
        raise NotAMember(market=str(market.pk))
    Market.objects.select_for_update(of=("self",), no_key=True).get(pk=market.pk)
    waiting = list(Evidence.objects.filter(_NOT_GIVEN, market=market, added_by=actor))
    known = next((piece for piece in waiting if piece.sha256 == sha256), None)
    if known is None and len(waiting) >= MAX_PIECES:
        raise TooMuchEvidence(f"{MAX_PIECES} pieces wait already; give them with a step first.", maximum=MAX_PIECES)
    return known


def waiting_pieces(*, actor_id: UUID | None, market_id: str, ids: Sequence[UUID]) -> list[Evidence]:
    """The actor's own pieces that have not been given yet, as named. To be called under the market's lock.

    Raises: EvidenceNotFound, TooMuchEvidence.
    """
    wanted = list(dict.fromkeys(ids))
    if len(wanted) > MAX_PIECES:
        raise TooMuchEvidence(f"At most {MAX_PIECES} pieces belong to one step.", maximum=MAX_PIECES)
    if not wanted:
        return []
    found = Evidence.objects.filter(_NOT_GIVEN, market=UUID(market_id), added_by=actor_id).in_bulk(wanted)
    if missing := [str(pk) for pk in wanted if pk not in found]:
        raise EvidenceNotFound(evidence=missing[0])
    return [found[pk] for pk in wanted]


def evidence_visible_to(access: Access, user: User | None, market: Market) -> QuerySet[Evidence]:
    """A market's evidence for somebody who may see the market: what has been given, and one's own that waits."""
    found = Evidence.objects.filter(market=market).order_by("added_at", "pk")
    if access.has("markets.read", market.organization_id):
        return found
    return found.filter(~_NOT_GIVEN | (Q(added_by=user) if user is not None else Q(pk=None)))


def evidence_piece(access: Access, user: User | None, market: Market, evidence_id: UUID) -> Evidence:
    """One of them. Raises EvidenceNotFound."""
    found = evidence_visible_to(access, user, market).filter(pk=evidence_id).first()
    if found is None:
        raise EvidenceNotFound(evidence=str(evidence_id))
    return found


def drop_forgotten(*, now: datetime) -> int:
    """Drop evidence that was added a day ago and never given; returns how many pieces. Harmless to repeat."""
    dropped = 0
    for piece in Evidence.objects.filter(_NOT_GIVEN, added_at__lt=now - KEPT_WAITING).order_by("added_at")[:1000]:
        with transaction.atomic():
            # The market's lock keeps a step from giving it meanwhile.
            Market.objects.select_for_update(of=("self",), no_key=True).get(pk=piece.market_id)
            if Evidence.objects.filter(_NOT_GIVEN, pk=piece.pk).delete()[0]:
                dropped += 1
                if piece.file:
                    transaction.on_commit(partial(piece.file.storage.delete, str(piece.file.name)))
    return dropped
