"""The one catalogue of permissions and roles, enforced by the API and the console alike.

A permission is `module.verb`. A role's grants are exact: what is not listed is refused. Roles are held per
organization (see `governance.organizations.models.Membership`); superusers hold every permission everywhere.
`tests/governance/test_catalogue.py` compares this with the contract.
"""

PERMISSIONS: dict[str, tuple[str, ...]] = {
    "analytics": ("read", "create", "update", "delete"),
    "reports": ("read", "create", "schedule", "export"),
    "markets": ("read", "create", "update", "approve", "resolve"),
    "orders": ("read", "create", "cancel"),
    "participants": ("read", "update"),
    "workflows": ("read", "create", "approve", "admin"),
    "bulk": ("import", "export", "update", "delete"),
    "ml": ("read", "predict", "train", "admin"),
    "system": ("admin", "config", "audit", "security"),
}

ALL_PERMISSIONS: frozenset[str] = frozenset(
    f"{module}.{verb}" for module, verbs in PERMISSIONS.items() for verb in verbs
)


def _grants(*patterns: str) -> frozenset[str]:
    """Expand `module.*` and `*` into permissions. Raises KeyError for a name that is in no module."""
    granted: set[str] = set()
    for pattern in patterns:
        if pattern == "*":
            granted |= ALL_PERMISSIONS
        elif pattern.endswith(".*"):
            granted |= {f"{pattern[:-2]}.{verb}" for verb in PERMISSIONS[pattern[:-2]]}
        elif pattern in ALL_PERMISSIONS:
            granted.add(pattern)
        else:
            raise KeyError(pattern)
    return frozenset(granted)


_READING = ("analytics.read", "reports.read", "markets.read", "orders.read", "participants.read")

ROLES: dict[str, frozenset[str]] = {
    "viewer": _grants(*_READING, "workflows.read"),
    "analyst": _grants(*_READING, "analytics.create", "reports.create", "reports.export", "ml.read", "ml.predict"),
    "manager": _grants(
        "analytics.read", "analytics.create", "reports.*", "markets.read", "markets.create", "markets.update",
        "markets.approve", "orders.*", "participants.*", "workflows.read", "workflows.create", "workflows.approve",
        "bulk.import", "bulk.export", "ml.read", "ml.predict",
    ),
    "data_scientist": _grants(
        *_READING, "analytics.create", "analytics.update", "reports.create", "reports.export", "ml.*",
        "bulk.import", "bulk.export",
    ),
    "auditor": _grants(*_READING, "workflows.read", "system.audit"),
    "admin": _grants("*"),
}  # fmt: skip

ROLE_CHOICES = [(role, role.replace("_", " ").capitalize()) for role in ROLES]
