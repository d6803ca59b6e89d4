"""The ids of a stream's events: where a client that reconnects with `Last-Event-ID` goes on, in all its channels at once."""

from collections.abc import Sequence
from typing import Any

import orjson

from markets.realtime.frames import InvalidFrame

_MARKET = "market:"


class Bookmarks:
    """By the channels' places in the request, which a browser repeats as it was. A client has had every event up to its last
    one, so each event's id tells of all that was sent before it too."""

    def __init__(self, channels: Sequence[str], last_event_id: str | None) -> None:
        self._place = {channel: place for place, channel in enumerate(channels)}
        self._marks: dict[int, str] = {}
        for mark in (last_event_id or "").split(","):
            place, _, value = mark.partition("=")
            if place.isascii() and place.isdigit() and int(place) < len(channels) and value:
                self._marks[int(place)] = value

    def filters(self, channel: str) -> dict[str, Any]:
        """With which to subscribe again. Raises InvalidFrame if the client's id is none of ours."""
        mark = self._marks.get(self._place[channel])
        if mark is None:
            return {}
        if not channel.startswith(_MARKET):
            return {"resume_from": mark}
        if not (mark.isascii() and mark.isdigit() and len(mark) < 19):
            raise InvalidFrame("The last event's id is not one of this stream.")
        return {"resume_from": int(mark)}

    def forget(self, channel: str) -> None:
        """The channel begins anew."""
        self._marks.pop(self._place[channel], None)

    def note(self, text: str) -> str:
        """The id of the event that this frame becomes."""
        # Most frames are books and tickers, from which nothing can be missed.
        if '"trades":[' in text or '"cursor":"' in text:
            frame = orjson.loads(text)
            place = self._place.get(frame.get("channel", ""))
            mark = _mark(frame["data"]) if place is not None else None
            if place is not None and mark is not None:
                self._marks[place] = mark
        return ",".join(f"{place}={mark}" for place, mark in self._marks.items())


def _mark(data: dict[str, Any]) -> str | None:
    if "cursor" in data:
        return str(data["cursor"])
    if "book" in data:  # a market's snapshot
        return str(data["book"]["sequence"])
    return str(data["trades"][-1]["sequence"]) if data.get("trades") else None
