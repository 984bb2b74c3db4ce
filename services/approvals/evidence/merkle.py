"""A Merkle tree over texts: one root for all, and a short proof for each. Leaves and nodes are hashed apart
(RFC 6962), so that none can pass for the other."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

EMPTY = sha256(b"").hexdigest()


def leaf_hash(leaf: bytes) -> str:
    return sha256(b"\x00" + leaf).hexdigest()


def root_of(hashes: Sequence[str]) -> str:
    """The root over leaf hashes in their order; of nothing the digest of nothing."""
    level = list(hashes)
    while len(level) > 1:
        level = _above(level)
    return level[0] if level else EMPTY


def proof_of(hashes: Sequence[str], index: int) -> list[str]:
    """What a leaf must be joined with, from below upwards: `L` or `R` for the side, then the hash."""
    level, steps = list(hashes), list[str]()
    while len(level) > 1:
        other = index ^ 1
        if other < len(level):
            steps.append(("L" if other < index else "R") + level[other])
        level, index = _above(level), index // 2
    return steps


def proven_root(leaf: str, proof: Sequence[str]) -> str:
    """The root to which a leaf hash and its proof lead. Raises ValueError for what is no proof."""
    for step in proof:
        side, other = step[:1], step[1:]
        if side not in ("L", "R"):
            raise ValueError(f"no side: {step!r}")
        leaf = _node(other, leaf) if side == "L" else _node(leaf, other)
    return leaf


def _above(level: Sequence[str]) -> list[str]:
    pairs = [_node(*level[index : index + 2]) for index in range(0, len(level) - 1, 2)]
    return [*pairs, *level[len(level) - len(level) % 2 :]]


def _node(left: str, right: str) -> str:
    return sha256(b"\x01" + bytes.fromhex(left) + bytes.fromhex(right)).hexdigest()
