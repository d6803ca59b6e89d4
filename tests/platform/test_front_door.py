"""Behind the front door the client's address is the one that Envoy saw, whatever the client says."""

from hypothesis import given
from hypothesis import strategies as st

from opinion_market.platform.behind_envoy import client_address

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
