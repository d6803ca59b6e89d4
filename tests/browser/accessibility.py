"""What axe-core finds wrong with a page: its serious and critical issues."""

from collections.abc import Collection
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

GRAVE = {"serious", "critical"}
# Of all the rules, those about colours alone depend on the theme.
OF_THE_THEME = ("color-contrast",)


def grave_issues(page: Page, *, rules: Collection[str] = (), excused: Collection[str] = ()) -> list[str]:
    """One line for each element with an issue. rules: only these; excused: `rule selector` as the page's lines begin."""
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = list(rules)
    found = Axe().run(page, options=options).response["violations"]
    lines = [
        f"{issue['id']} {' '.join(map(str, node['target']))}: {node['html'][:160]}"
        for issue in found
        if issue["impact"] in GRAVE
        for node in issue["nodes"]
    ]
    return [line for line in lines if not line.startswith(tuple(excused))]
