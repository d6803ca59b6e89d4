"""Answers kept as rendered bytes, each under the name of the state it shows.

Whoever asks first reads what names the state now (one indexed probe, which also says whether they may see it) and takes the
kept answer only if it shows that very state. So nothing needs to be invalidated, in this process or another: a commit
changes the name, and whoever was told of the commit can no longer be given what was before it. Clients may do the same
with the answer's `ETag`.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from django.http import HttpResponse
from rest_framework.request import Request

from opinion_market.api.json import JsonRenderer

# Who holds an answer must ask whether it still holds; and it is for the one who asked, not for a proxy's next caller.
CACHE_CONTROL = "private, no-cache"
CAPACITY_BYTES = 64 * 2**20
# What an entry costs beside its body, roughly: the key, the state, the dictionary's slot.
_OVERHEAD_BYTES = 500
# At most so many answers are being rendered at once because of the locks; more threads than this there are not.
_STRIPES = 64


@dataclass(frozen=True, slots=True)
class Representation:
    """A rendered answer: the state it shows, until when it holds if nothing changes (None: for ever), its `ETag`."""

    body: bytes
    state: Hashable
    tag: str
    valid_until: datetime | None = None

    def shows(self, state: Hashable, now: datetime) -> bool:
        """Whether it is still right: nothing was changed, and no time has passed that it depends on."""
        return self.state == state and (self.valid_until is None or now < self.valid_until)


class Representations:
    """One process's kept answers, the least recently asked for dropped first; safe among threads."""

    def __init__(self, capacity_bytes: int = CAPACITY_BYTES) -> None:
        self._capacity = capacity_bytes
        self._size = 0
        self._kept: OrderedDict[Hashable, Representation] = OrderedDict()
        self._lock = Lock()
        self._rendering = [Lock() for _ in range(_STRIPES)]

    def find(self, key: Hashable, state: Hashable, *, now: datetime) -> Representation | None:
        """The answer kept under the key, if it shows this state."""
        return self.find_all([(key, state)], now=now)[0]

    def find_all(self, wanted: Sequence[tuple[Hashable, Hashable]], *, now: datetime) -> list[Representation | None]:
        """The same for many keys and states at once."""
        answers: list[Representation | None] = []
        with self._lock:
            for key, state in wanted:
                found = self._kept.get(key)
                if found is not None and found.shows(state, now):
                    self._kept.move_to_end(key)
                    answers.append(found)
                else:
                    answers.append(None)
        return answers

    def keep(self, key: Hashable, made: Representation) -> None:
        """Keep an answer in the place of what the key had. One larger than an eighth of all is not kept."""
        with self._lock:
            if (replaced := self._kept.pop(key, None)) is not None:
                self._size -= _size(replaced)
            if _size(made) > self._capacity // 8:
                return
            self._kept[key] = made
            self._size += _size(made)
            while self._size > self._capacity:
                _, dropped = self._kept.popitem(last=False)
                self._size -= _size(dropped)

    def find_or_render(
        self, key: Hashable, state: Hashable, *, now: datetime, render: Callable[[], Representation]
    ) -> Representation:
        """The kept answer, or a new one. Of many who ask at once for a state that nobody has rendered yet, one does.

        `render` must read after `state` was read; what it makes may show a later state, and says which.
        """
        if (found := self.find(key, state, now=now)) is not None:
            return found
        with self._rendering[hash(key) % _STRIPES]:
            if (found := self.find(key, state, now=now)) is not None:
                return found
            made = render()
            self.keep(key, made)
        return made


def _size(representation: Representation) -> int:
    return len(representation.body) + _OVERHEAD_BYTES


def tag_of(content: bytes) -> str:
    """A weak `ETag` for what means the same as this content."""
    return f'W/"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'


def conditional_response(request: Request, tag: str, body: Callable[[], bytes]) -> HttpResponse:
    """The body with its tag; 304 without it if the caller says (`If-None-Match`) that they have it."""
    headers = {"ETag": tag, "Cache-Control": CACHE_CONTROL}
    if _is_held(request.headers.get("If-None-Match", ""), tag):
        return HttpResponse(status=304, headers=headers)
    return HttpResponse(body(), content_type=JsonRenderer.media_type, headers=headers)


def _is_held(sent: str, tag: str) -> bool:
    """RFC 9110, 13.1.2: a list of tags or `*`; strong and weak tags are compared alike."""
    opaque = tag.removeprefix("W/")
    return any(each in {"*", opaque} for each in (item.strip().removeprefix("W/") for item in sent.split(",")))
