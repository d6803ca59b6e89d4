"""Evidence compared with what the streams say of it, down to the bytes that are kept."""

import hashlib
from collections.abc import Mapping
from uuid import UUID

from markets.audit.result import Findings
from markets.lifecycle.resolution.models import Evidence


def compare_evidence(market_id: str, recorded: Mapping[str, str], found: Findings) -> None:
    """`recorded`: SHA-256 by id of all pieces that the market's events name. Reads every file once."""
    rows = {str(piece.pk): piece for piece in Evidence.objects.filter(market=UUID(market_id), pk__in=recorded.keys())}
    for piece_id, sha256 in sorted(recorded.items()):
        piece = rows.get(piece_id)
        found.compare(
            f"evidence {piece_id} of market {market_id}",
            expected=(sha256, sha256),
            found=(piece.sha256, _hash_now(piece)) if piece is not None else None,
        )


def _hash_now(piece: Evidence) -> str | None:
    """SHA-256 of the link's address, or of the file as it is kept; None if it is gone."""
    if piece.kind == Evidence.Kind.LINK:
        return hashlib.sha256(piece.url.encode()).hexdigest()
    if not piece.file.storage.exists(str(piece.file.name)):
        return None
    with piece.file.open("rb") as file:
        return hashlib.sha256(file.read()).hexdigest()
