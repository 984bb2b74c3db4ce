"""Checks seals, pure: that those in its evidence cover a case, and that seals follow one another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from services.approvals.evidence.merkle import proven_root, root_of
from services.approvals.evidence.seal import hash_of_leaf, hash_of_seal
from services.approvals.finding import Finding

Written = Mapping[str, Any]


def check_seals(evidence: Written) -> Iterator[Finding]:
    """Each seal is what its hash says, and holds the head that the case had on its day."""
    for covered in evidence["seals"]:
        seal, leaf = covered["seal"], covered["leaf"]
        where, seq = f"seals/{seal['n']}", leaf["seq"]
        if hash_of_seal(seal) != seal["hash"]:
            yield Finding(where, "封存记录与其散列不符 (the seal has another hash)")
        if leaf["case_id"] != evidence["case"]["id"] or leaf["seal_n"] != seal["n"]:
            yield Finding(f"{where}/leaf", "不属于本审核件 (of another case)")
        if proven_root(hash_of_leaf(leaf), covered["proof"]) != seal["root"]:
            yield Finding(f"{where}/proof", "不在封存的根之下 (not under the sealed root)")
        if not 1 <= seq <= len(evidence["events"]) or evidence["events"][seq - 1]["hash"] != leaf["head"]:
            yield Finding(f"events/{seq}", f"与第 {seal['n']} 号封存不符 (not what seal {seal['n']} holds)")


def check_chain(before: Written | None, seal: Written, leaves: Sequence[Written]) -> Iterator[Finding]:
    """A seal of the tables follows the one before it and has the root of its leaves."""
    where = f"seals/{seal['n']}"
    if seal["n"] != (before["n"] if before else 0) + 1:
        yield Finding(where, "封存记录不连续 (a seal is missing)")
    if seal["previous"] != (before["hash"] if before else ""):
        yield Finding(f"{where}/previous", "与前一封存不衔接 (does not follow the seal before it)")
    if hash_of_seal(seal) != seal["hash"]:
        yield Finding(where, "封存记录与其散列不符 (the seal has another hash)")
    in_order = [leaf["position"] for leaf in leaves] == list(range(seal["leaves"]))
    if not in_order or root_of([hash_of_leaf(leaf) for leaf in leaves]) != seal["root"]:
        yield Finding(f"{where}/root", "与所封存的审核件不符 (not the root of its leaves)")
