"""Which addresses instances may have.

An instance is called by whoever may call its service, with the reach of the host that Envoy runs on. So what answers only
to that host by virtue of being asked from it is refused: link-local addresses and the other well-known addresses of cloud
metadata services, which hand out the machine's credentials. Loopback and private networks are where instances usually are.
Names are refused too: what a name leads to may change after it was looked at.
"""

from socket import AF_INET, AF_INET6, inet_ntop, inet_pton

from mesh.registry.errors import AddressRefused

# Metadata services outside of the link-local networks: Alibaba Cloud's and Amazon's by IPv6.
_METADATA = {inet_pton(AF_INET, "100.100.100.200"), inet_pton(AF_INET6, "fd00:ec2::254")}


def canonical_address(text: str) -> str:
    """The address in its canonical writing. Raises AddressRefused.

    inet_pton, since `ipaddress` takes ten times as long, which counts when thousands register at once.
    """
    try:
        family, packed = AF_INET, inet_pton(AF_INET, text)
    except (OSError, ValueError):
        try:
            family, packed = AF_INET6, inet_pton(AF_INET6, text)
        except (OSError, ValueError):
            raise AddressRefused("An IPv4 or IPv6 address is needed, not a name.") from None
    reason = _refusal_4(packed) if family == AF_INET else _refusal_6(packed)
    if reason or packed in _METADATA:
        raise AddressRefused(reason or "That is a cloud's metadata service.", address=text)
    return text if family == AF_INET else inet_ntop(family, packed)


def _refusal_4(packed: bytes) -> str:
    first = packed[0]
    if first == 0:
        return "0.0.0.0/8 names no machine."
    if first >= 224:
        return "Multicast, reserved and broadcast addresses belong to no instance."
    if first == 169 and packed[1] == 254:
        return "Link-local addresses are refused: the machine's metadata service is there."
    return ""


def _refusal_6(packed: bytes) -> str:
    if packed == bytes(16):
        return ":: names no machine."
    if packed[:12] == bytes(10) + b"\xff\xff" or (packed[:12] == bytes(12) and packed[12:] != b"\0\0\0\x01"):
        return "Write an IPv4 address as such."
    if packed[:12] == bytes.fromhex("0064ff9b0000000000000000"):
        return "Write an IPv4 address as such."
    if packed[0] == 0xFF:
        return "Multicast addresses belong to no instance."
    if packed[0] == 0xFE and packed[1] & 0xC0 == 0x80:
        return "Link-local addresses are refused: they mean something else on every network."
    return ""
