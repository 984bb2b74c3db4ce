"""Checks the evidence of a case, offline: recomputes every digest and says where the first link is broken.

Pure: it knows neither database nor clock. The events form a chain of hashes from the first content and route
to the head of the case; each vouches by digests for the round, the slots and the case as its act left them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from services.approvals.carrying import attested_digest
from services.approvals.case_event import first_hash_of, sealed_hash
from services.approvals.evidence.seal_check import check_seals
from services.approvals.evidence.written import row_digest
from services.approvals.finding import Finding
from shared.digest import digest

Evidence = Mapping[str, Any]


Check = Callable[[Evidence], Iterator[Finding]]


def check_rounds(evidence: Evidence) -> Iterator[Finding]:
    """Each round was submitted, and its content has the digest that was agreed to."""
    submitted = {event["round"] for event in evidence["events"] if event["type"] == "submitted"}
    before = 0
    for one in evidence["rounds"]:
        where = f"rounds/{one['n']}"
        if one["n"] <= before:
            yield Finding(f"{where}/n", "轮次重复或颠倒 (rounds repeat or are out of order)")
        before = one["n"]
        if one["n"] not in submitted:
            yield Finding(f"{where}/n", "没有该轮次的提交记录 (no entry says that it was submitted)")
        if one["case_id"] != evidence["case"]["id"]:
            yield Finding(f"{where}/case_id", "不属于本审核件 (of another case)")
        if digest(one["content"]) != one["digest"]:
            yield Finding(f"{where}/content", "内容与摘要不符 (the content has another digest)")


def check_events(evidence: Evidence) -> Iterator[Finding]:
    """The chain of hashes, from the first content and route to the head of the case."""
    case, first = evidence["case"], evidence["rounds"][0]
    prev = first_hash_of(case["id"], first["digest"], first["route"])
    for seq, event in enumerate(evidence["events"], 1):
        where = f"events/{seq}"
        if event["seq"] != seq:
            yield Finding(
                f"{where}/seq", f"序号不连续 (found number {event['seq']}: one is missing or added)"
            )
            return
        if event["case_id"] != case["id"]:
            yield Finding(f"{where}/case_id", "不属于本审核件 (of another case)")
        if event["prev_hash"] != prev:
            start = "首轮内容或路径被改动 (first content or route changed)" if seq == 1 else "与前一条不衔接"
            yield Finding(f"{where}/prev_hash", f"{start} (does not follow what is before it)")
            return
        if sealed_hash(prev, event) != event["hash"]:
            yield Finding(where, "记录与其散列不符 (the entry has another hash)")
            return
        prev = event["hash"]
    if case["event_hash"] != prev or case["event_seq"] != len(evidence["events"]):
        yield Finding("case/event_hash", "最后一条之后有记录缺失或多余 (the head of the chain is another)")


def check_frozen(evidence: Evidence) -> Iterator[Finding]:
    """What each submission froze: content digest, facts, route, and the rest of the round."""
    rounds = {one["n"]: one for one in evidence["rounds"]}
    for event in evidence["events"]:
        frozen = event["data"].get("frozen")
        if event["type"] != "submitted" or frozen is None:
            continue
        one = rounds.pop(event["round"], None)
        where = f"rounds/{event['round']}"
        if one is None:
            yield Finding(where, f"缺少第 {event['seq']} 条记录提交的轮次 (the round of an entry is missing)")
            continue
        for part in ("facts", "route"):
            if digest(one[part]) != frozen[part]:
                yield Finding(f"{where}/{part}", "提交后被改动 (changed after the submission)")
        if row_digest(one) != frozen["row"]:
            yield Finding(where, "提交后被改动 (changed after the submission)")


def check_slots(evidence: Evidence) -> Iterator[Finding]:
    """Each slot is as the last act on it left it; none is missing, none was added."""
    left: dict[str, tuple[int, Mapping[str, Any]]] = {}
    for event in evidence["events"]:
        left |= {slot: (event["seq"], trace) for slot, trace in event["data"]["slots"].items()}
    for slot in evidence["slots"]:
        where, known = f"slots/{slot['id']}", left.pop(slot["id"], None)
        if known is None:
            yield Finding(where, "没有任何记录提到此环节任务 (no entry speaks of it)")
            continue
        seq, trace = known
        for field, column in (("state", "state"), ("step", "step_key"), ("holder", "holder_id")):
            if trace[field] != slot[column]:
                yield Finding(f"{where}/{column}", f"与第 {seq} 条记录不符 (differs from entry {seq})")
        if "row" in trace and trace["row"] != row_digest(slot):
            yield Finding(where, f"第 {seq} 条记录之后被改动 (changed after entry {seq})")
    for slot_id, (seq, _) in left.items():
        yield Finding(f"slots/{slot_id}", f"缺失，第 {seq} 条记录提到它 (missing, entry {seq} speaks of it)")


def check_carried(evidence: Evidence) -> Iterator[Finding]:
    """An agreement that goes on to hold is that of the round it names, and its step attests what it did."""
    decided = {
        (one["round"], one["step_key"], one["holder_id"]): one
        for one in evidence["slots"]
        if one["state"] == "agreed" and one.get("carried_round") is None
    }
    for slot in evidence["slots"]:
        if slot.get("carried_round") is None:
            continue
        where, key = f"slots/{slot['id']}", slot["step_key"]
        was = decided.get((slot["carried_round"], key, slot["holder_id"]))
        if was is None:
            yield Finding(where, "没有可沿用的同意意见 (there is no such agreement)")
            continue
        for name in ("acted_by", "on_behalf_of", "opinion", "digest", "closed_at"):
            if was[name] != slot[name]:
                yield Finding(f"{where}/{name}", "与所沿用的意见不符 (differs from the agreement)")
        then, now = (_attested(evidence, n, key) for n in (slot["carried_round"], slot["round"]))
        if then != now:
            yield Finding(where, "所审要素已变，不应沿用 (what it attests has changed)")


def _attested(evidence: Evidence, n: int, key: str) -> str:
    """What a step of a round attests, computed anew from the content."""
    (one,) = [found for found in evidence["rounds"] if found["n"] == n]
    moved = [e["data"]["route"] for e in evidence["events"] if (e["type"], e["round"]) == ("migrated", n)]
    steps = [step for route in (*moved[::-1], one["route"]) for step in route if step["key"] == key]
    return attested_digest(steps[0]["attested"], one["content"], digest(one["content"]))


def check_case(evidence: Evidence) -> Iterator[Finding]:
    """The case is as its last act left it."""
    case, last = evidence["case"], evidence["events"][-1]["data"]
    for field in ("state", "step_index", "attention"):
        if last[field] != case[field]:
            yield Finding(f"case/{field}", "与最后一条记录不符 (differs from the last entry)")
    if "case" in last and last["case"] != row_digest(case, "event_hash"):
        yield Finding("case", "最后一条记录之后被改动 (changed after the last entry)")


def check_routes(evidence: Evidence) -> Iterator[Finding]:
    """A round goes by what it froze, or by what an administrator moved it to; of that, every step that had
    been decided by then is the same, in the same place."""
    rounds = {one["n"]: one["route"] for one in evidence["rounds"]}
    moved: list[Any] | None = None
    route: list[Any] = []
    at = 0
    steps: dict[str, tuple[str, str]] = {}
    for event in evidence["events"]:
        if event["type"] == "submitted":
            moved, route, steps = None, rounds.get(event["round"], []), {}
        if event["type"] == "migrated":
            decided = {step for step, state in steps.values() if state == "agreed"}
            behind = max(
                (n for n, step in enumerate(route[: at + 1], 1) if step["key"] in decided), default=0
            )
            moved = event["data"]["route"]
            # further on, what was decided is what was carried from an earlier round
            ahead = [step for step in route[at + 1 :] if step["key"] in decided]
            if moved[:behind] != route[:behind] or any(step not in moved for step in ahead):
                what = "已审核的环节被改动 (a step that had been decided was changed)"
                yield Finding(f"events/{event['seq']}/data/route", what)
            route = moved
        at = event["data"]["step_index"]
        steps |= {slot: (one["step"], one["state"]) for slot, one in event["data"]["slots"].items()}
    if evidence["case"].get("route") != moved:
        yield Finding("case/route", "与改用新版的记录不符 (differs from what the entries say)")


def check_file(evidence: Evidence) -> Iterator[Finding]:
    """The file as a whole, where it is one."""
    if "digest" in evidence and digest(_without_digest(evidence)) != evidence["digest"]:
        yield Finding("file", "文件被改动 (the file has another digest)")


CHECKS: Sequence[Check] = (
    check_rounds,
    check_events,
    check_frozen,
    check_slots,
    check_carried,
    check_case,
    check_routes,
    check_seals,
    check_file,
)


def check(evidence: Any) -> list[Finding]:
    """All broken links, the first one first; nothing when the evidence is whole."""
    found: list[Finding] = []
    for one in CHECKS:
        try:
            found += one(evidence)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            what = f"结构不完整 (not the structure of evidence: {error!r})"
            found.append(Finding(one.__name__.removeprefix("check_"), what))
    return found


def check_bytes(content: bytes) -> list[Finding]:
    """The same for a file. White space between its values means nothing; everything else is checked."""
    try:
        evidence = json.loads(content.decode("utf-8"), object_pairs_hook=_each_once)
    except (ValueError, RecursionError) as error:
        return [Finding("file", f"不是有效的 JSON (not JSON: {error})")]
    if not isinstance(evidence, dict) or "digest" not in evidence:
        return [Finding("file", "不是证据文件 (not an evidence file)")]
    return check(evidence)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _without_digest(evidence: Evidence) -> dict[str, Any]:
    return {name: value for name, value in evidence.items() if name != "digest"}
