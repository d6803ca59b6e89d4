"""Pictures of the pages, kept where SCREENSHOTS names a folder: SCREENSHOTS=var/screenshots make test TESTS=tests/browser"""

import os
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}


@dataclass(frozen=True)
class Album:
    """Where pictures go; nowhere if nobody asked for them."""

    folder: Path | None

    @classmethod
    def wanted(cls) -> "Album":
        named = os.environ.get("SCREENSHOTS")
        return cls(Path(named) if named else None)

    def take(self, page: Page, name: str, *, whole: bool = True) -> None:
        """The page as it is, or the part of it that a screen shows, as NAME.png."""
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=self.folder / f"{name}.png", full_page=whole, animations="disabled")
