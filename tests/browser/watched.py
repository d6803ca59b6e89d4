"""A page that is watched: what its console says and what its requests answer fails the test, unless it was foretold."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response

# A page that is left cancels what it had still asked for; nobody misses the answer.
LEFT = "net::ERR_ABORTED"


@dataclass
class Watch:
    """What went wrong on the pages of one browser context."""

    faults: list[str] = field(default_factory=list)
    _foretold: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> BrowserContext:
        """The context, watched from now on."""
        context.on("page", self._watch)
        return context

    @contextmanager
    def foretelling(self, *patterns: str) -> Iterator[None]:
        """What matches one of these is no fault while the block lasts."""
        self._foretold += patterns
        yield
        for pattern in patterns:
            self._foretold.remove(pattern)

    def _watch(self, page: Page) -> None:
        page.on("console", self._said)
        page.on("pageerror", lambda error: self._note(f"{page.url}: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._note(f"{message.location.get('url', '')}: {message.text}")

    def _failed(self, request: Request) -> None:
        if request.failure != LEFT:
            self._note(f"{request.method} {request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self._note(f"{response.request.method} {response.url}: {response.status}")

    def _note(self, fault: str) -> None:
        if not any(re.search(pattern, fault) for pattern in self._foretold):
            self.faults.append(fault)
