"""Envoy accepts the configuration, sends each request to the right server, and tells who the client is."""

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opinion_market.platform import binaries
from opinion_market.platform.behind_envoy import client_address
from opinion_market.platform.envoy import FrontDoor, configuration


@pytest.fixture
def door(tmp_path: Path) -> FrontDoor:
    return FrontDoor(
        addresses=("127.0.0.1", "::1"),
        port=8000,
        granian_socket=Path("/run/granian.sock"),
        uvicorn_socket=Path("/run/uvicorn.sock"),
        admin_socket=Path("/run/admin.sock"),
        access_log=tmp_path / "access.log",
        trusted_proxies=0,
    )


def test_envoy_accepts_the_configuration(door: FrontDoor, tmp_path: Path) -> None:
    path = tmp_path / "envoy.json"
    path.write_text(json.dumps(configuration(door)))
    command = [binaries.envoy(), "--mode", "validate", "-c", path, "--log-level", "warning"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "deprecated" not in result.stderr.lower()


address = st.ip_addresses().map(str)


@given(claimed=st.lists(address), seen=address)
def test_without_proxies_the_client_is_whom_envoy_saw_whatever_it_claimed(claimed: list[str], seen: str) -> None:
    assert client_address(", ".join([*claimed, seen]), 0) == seen


@given(claimed=st.lists(address), client=address, proxies=st.lists(address, min_size=1, max_size=3))
def test_behind_proxies_the_client_is_whom_the_outermost_of_them_saw(
    claimed: list[str], client: str, proxies: list[str]
) -> None:
    assert client_address(",".join([*claimed, client, *proxies]), len(proxies)) == client


def test_fewer_addresses_than_proxies_is_no_error() -> None:
    assert client_address("192.0.2.1", 3) == "192.0.2.1"
