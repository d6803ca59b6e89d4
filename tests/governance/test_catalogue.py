"""The catalogue is the contract's, to the letter."""

from pathlib import Path

import pytest
import yaml

from governance.access.catalogue import ALL_PERMISSIONS, PERMISSIONS, ROLES
from governance.access.policies import roles_granting

CONTRACT = Path(__file__).resolve().parents[3] / "shared" / "contract" / "access.yaml"


def test_it_names_exactly_the_permissions_and_grants_of_the_contract():
    if not CONTRACT.exists():
        pytest.skip("the contract is not here: it lives outside the repository")
    contract = yaml.safe_load(CONTRACT.read_text())
    assert {module: list(verbs) for module, verbs in PERMISSIONS.items()} == contract["permissions"]
    assert set(ROLES) == set(contract["roles"])
    for role, patterns in contract["roles"].items():
        granted = {
            permission
            for permission in ALL_PERMISSIONS
            for pattern in patterns
            if pattern in {"*", permission, f"{permission.partition('.')[0]}.*"}
        }
        assert ROLES[role] == granted, role


def test_there_are_34_permissions_and_6_roles():
    assert len(ALL_PERMISSIONS) == 34
    assert len(ROLES) == 6


def test_a_misspelt_permission_is_an_error_and_never_an_answer():
    with pytest.raises(KeyError):
        roles_granting("markets.aprove")
