"""The address that a request comes from, as limits count it."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network, ip_address

from fastapi import Request


def address_of(request: Request) -> str:
    """Behind the gateway that is what the gateway says. An IPv6 address counts as its network of 64 bits,
    all of which one client has to itself; "" when nothing is known."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    return str(address.ipv4_mapped or IPv6Network((int(address) >> 64 << 64, 64)))
