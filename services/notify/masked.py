"""Where a letter went, as others than its receiver may read it: recognisable, and of no use."""

from __future__ import annotations

from urllib.parse import urlsplit

from services.notify.channels import ROBOTS, Channel

MASKED_LENGTH = 120
HIDDEN = "***"


def masked(channel: Channel, to: str, provider_name: str) -> str:
    """`138****8000`, `w***@example.org`, `https://example.org/***`; of a robot its name."""
    if channel in ROBOTS:
        return provider_name
    if channel is Channel.EMAIL:
        name, _, domain = to.rpartition("@")
        return f"{name[:1]}{HIDDEN}@{domain}"[:MASKED_LENGTH]
    if channel is Channel.WEBHOOK:
        return masked_url(to)
    return f"{to[:3]}****{to[-4:]}" if len(to) >= 11 else HIDDEN


def masked_url(url: str) -> str:
    """A URL without its path and query, which may hold a key."""
    try:
        address = urlsplit(url)
        return f"{address.scheme}://{address.hostname or ''}/{HIDDEN}"[:MASKED_LENGTH]
    except ValueError:
        return HIDDEN
