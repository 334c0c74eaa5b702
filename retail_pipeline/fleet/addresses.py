"""Addresses at which no device is, but where cloud machines hand out their credentials."""

import ipaddress

METADATA = frozenset({"fd00:ec2::254", "100.100.100.200"})
"""Services of clouds that lie outside of the link-local ranges (AWS over IPv6, Alibaba)."""


def is_link_local(host: str) -> bool:
    """Whether this is such an address, written in whatever way; a name is none."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_link_local or str(mapped or address) in METADATA
