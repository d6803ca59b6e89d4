"""Every dependency is named with its reason."""

import re

import pytest

from opinion_market.settings.env import BASE_DIR


@pytest.mark.parametrize("requirements", ["requirements.in", "requirements-dev.in"])
def test_every_requirement_has_a_reason(requirements: str) -> None:
    lines = (BASE_DIR / requirements).read_text().splitlines()
    named = {found[0] for line in lines if (found := re.match(r"[A-Za-z][\w-]*", line))}
    reasons = dict(
        re.findall(r"^\| ([\w-]+) \| (.+) \|$", (BASE_DIR / "docs" / "dependencies.md").read_text(), re.MULTILINE)
    )
    assert named <= reasons.keys()
