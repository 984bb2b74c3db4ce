"""Facts that a draft's conditions look at although no document has them: misspelt, most likely."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from sqlalchemy import select

from services.approvals.case import CaseRound
from services.approvals.chains.chain import Chain
from services.approvals.condition import facts_used
from shared.errors import Problem
from shared.store import Look

LOOKED_AT = 200
"""The newest submissions: documents of a type have the same facts, null where they say nothing."""


def unknown_facts(look: Look, chain: Chain) -> Iterator[Problem]:
    """A warning for each fact of a well-formed condition that none of them has (`unknown_fact`); of a type
    that nobody has submitted yet nothing is known."""
    newest = select(CaseRound.facts).where(CaseRound.doc_type == chain.doc_type)
    found = look.all(newest.order_by(CaseRound.case_id.desc(), CaseRound.n.desc()).limit(LOOKED_AT))
    known = {name for facts in found for name in facts}
    for index, step in enumerate(chain.steps if found else ()):
        for name in sorted(facts_used(step.condition) - known):
            near = get_close_matches(name, sorted(known), 1)
            hint, hint_en = (f"；是否为“{near[0]}”", f"; {near[0]}?") if near else ("", "")
            text = f"环节“{step.name}”的条件使用了要素“{name}”，最近的单据都没有该要素{hint}"
            text_en = f"the condition looks at {name}, which no document has had lately{hint_en}"
            yield Problem("unknown_fact", text, f"/steps/{index}/condition", text_en)
