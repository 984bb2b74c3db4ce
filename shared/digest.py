"""Digests of documents and events: SHA-256 over canonical JSON (RFC 8785), equal for equal content."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import rfc8785

_HEX = re.compile("[0-9a-f]{64}")


def canonical(value: Any) -> bytes:
    """The one spelling of a JSON value by RFC 8785, in UTF-8.

    Takes dict, list, str, int (up to 2**53 - 1), bool and None. Raises ValueError for everything else: floats
    too, because amounts and quantities are text here and a float would be read differently elsewhere.
    """
    try:
        _refuse_floats(value)
        return rfc8785.dumps(value)
    except RecursionError:
        raise ValueError("content is nested too deeply") from None


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON, as 64 lower-case hexadecimal digits; raises as `canonical` does."""
    return hashlib.sha256(canonical(value)).hexdigest()


def subset_digest(content: Mapping[str, Any], fields: Sequence[str]) -> str:
    """The digest of some fields of a document, so that an approval can hold for exactly what it was about.

    A field is a dotted path such as "purchaser.name"; a path through a list takes that field of every
    element, in order. An absent field differs from a null one; the order of `fields` does not matter.
    Raises ValueError without fields: a digest of nothing would hold for any content.
    """
    if not fields or not all(fields):
        raise ValueError("a digest needs at least one field, and no empty path")
    return digest({path: _pick(content, path.split(".")) for path in fields})


def chain_hash(prev: str, event: Mapping[str, Any]) -> str:
    """The hash of an event in a chain: it covers the event and, through `prev`, everything before it.

    Raises ValueError if `prev` is no digest, or as `canonical` does.
    """
    if not _HEX.fullmatch(prev):
        raise ValueError("a chain goes on from a digest")
    return digest({"event": dict(event), "prev": prev})


def _pick(content: Any, path: list[str]) -> Any:
    # Values are wrapped, so that no value can look like an absent field or like a list of elements.
    if not path:
        return {"value": content}
    if isinstance(content, list | tuple):
        return [_pick(element, path) for element in content]
    if isinstance(content, Mapping) and path[0] in content:
        return _pick(content[path[0]], path[1:])
    return {}


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise ValueError("a float has no place in content: write the number as text")
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list | tuple):
        return
    for element in value:
        _refuse_floats(element)
