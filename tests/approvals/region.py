"""A province drawn at random: districts, bodies, units with their superiors, people, and chains of all
kinds."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.approvals.chains.chain import Chain
from services.approvals.step import Step
from shared.database import new_id
from shared.digest import digest
from shared.events.documents import Submission
from tests.approvals.office import Office

KINDS = ("goods", "works", "services")
LEVELS = ("province", "prefecture", "county")
POSITIONS = ("head", "leader", "clerk")
BANDS = [{"name": "small", "below": 1000}, {"name": "middle", "from": 1000, "below": 5000}]
BANDS.append({"name": "large", "from": 5000})


class Region(Office):
    """`units` can apply; who is in them, and what stands above them, is left to the dice."""

    def __init__(self, data_dir: Path, dice: random.Random, counties: int = 4, units: int = 6) -> None:
        super().__init__(data_dir)
        self.dice = dice
        self.units: list[UUID] = []
        self.places: dict[UUID, str] = {}
        self.paths = {"140000": "/140000/", "140100": "/140000/140100/"}
        self.paths["140105"] = "/140000/140100/140105/"
        for number in range(counties):
            code = f"1402{number:02d}"
            above = self.dice.choice(["140000", "140100"])
            self.paths[code] = f"{self.paths[above]}{code}/"
            self.district(code, f"区{number}", self.dice.choice(LEVELS[1:]), self.paths[code], above)
            if self.dice.random() < 0.7:
                self.staffed(f"财政局{number}", code, "finance", self.dice.randint(0, 3))
        for number in range(units):
            self.add_unit(number)

    def add_unit(self, number: int) -> None:
        code = self.dice.choice([one for one in self.paths if len(self.paths[one]) > 8])
        above = self.staffed(f"主管{number}", code, "supervising", self.dice.randint(0, 2))
        superior = self.dice.choice([above, None])
        unit = self.staffed(f"单位{number}", code, "purchaser", self.dice.randint(0, 4), superior_id=superior)
        for one in range(2):
            # a handler may be a reviewer as well
            roles = ["handler", "reviewer"] if self.dice.random() < 0.3 else ["handler"]
            self.add(f"handler{number}.{one}", unit, *roles)
        self.units.append(unit)

    def staffed(self, name: str, code: str, kind: str, reviewers: int, **more: Any) -> UUID:
        """An organisation with so many reviewers, some with a position."""
        made = self.organisation(name, code, kind, **more)
        self.places[made] = code
        for number in range(reviewers):
            positions = self.dice.sample(POSITIONS, self.dice.randint(0, 2))
            self.add(f"{name}.{number}", made, "reviewer", positions=positions)
        return made

    # chains

    def steps(self, level: str) -> list[dict[str, Any]]:
        """The steps of a chain, all of which the service takes; nobody may be there to review them."""
        made = [self.step(f"s{number}", level) for number in range(self.dice.randint(1, 4))]
        if self.dice.random() < 0.3:
            names = ["small", "middle", "large"]
            cut = self.dice.randint(1, 2)
            for key, taken in (("low", names[:cut]), ("high", names[cut:])):
                band = {"op": "band", "fact": "amount_fen", "bands": BANDS, "in": taken, "group": "g"}
                made.append({**self.step(key, level), "condition": band})
        return made

    def step(self, key: str, level: str) -> dict[str, Any]:
        selector = self.selector()
        is_named = "people" in selector
        quorum = self.dice.choice(["any", "any", "all", "at_least"])
        picks = ["none", "none", "previous_actor", *(["submitter"] if level == "unit" else [])]
        is_own = not is_named and selector["in"] == "own_unit"
        return {
            "key": key,
            "name": f"环节{key}",
            "selector": selector,
            "quorum": quorum,
            "at_least": self.dice.randint(1, 2) if quorum == "at_least" else None,
            "condition": self.condition(3),
            "pick": "none" if is_named else self.dice.choice(picks),
            "on_empty": self.dice.choice(["refuse", "skip", "skip", "administrator"]),
            "self_review": self.dice.choice(["exclude", "skip", *(["superior"] if is_own else [])]),
            "budget_hours": self.dice.choice([None, 8, 40]),
        }

    def selector(self) -> dict[str, Any]:
        if self.dice.random() < 0.1:
            return {"people": [str(self.id(self.dice.choice(list(self.people))))]}
        found: dict[str, Any] = {"role": "reviewer", "position": self.dice.choice([None, None, *POSITIONS])}
        found["in"] = self.dice.choice(["own_unit", "own_unit", "superior_unit", "district_body"])
        if found["in"] == "district_body":
            found |= {"kind": "finance", "level": self.dice.choice([None, *LEVELS])}
        return found

    def condition(self, depth: int) -> dict[str, Any] | None:
        if depth == 3 and self.dice.random() < 0.5:
            return None
        kind = self.dice.randint(0, 5 if depth > 1 else 3)
        if kind == 0:
            return {"op": "eq", "fact": "kind", "value": self.dice.choice(KINDS)}
        if kind == 1:
            return {"op": "in", "fact": "kind", "value": self.dice.sample(KINDS, 2)}
        if kind <= 3:
            value = self.dice.choice([1000, 3000, 5000])
            return {"op": self.dice.choice(["lt", "ge"]), "fact": "amount_fen", "value": value}
        if kind == 4:
            return {"op": "not", "of": self.condition(depth - 1)}
        parts = [self.condition(depth - 1) for _ in range(2)]
        return {"op": self.dice.choice(["and", "or"]), "of": [one for one in parts if one]}

    def put_in_force(self, level: str, owner: str, steps: Sequence[dict[str, Any]], doc_type: str) -> None:
        """The next version of a chain, published; whether people are there for it is not asked."""
        with self.store.work() as work:
            chain = work.first(
                select(Chain).where(Chain.level == level, Chain.owner == owner, Chain.doc_type == doc_type)
            )
            if chain is None:
                chain = self._chain(level, owner, doc_type, work.now)
                work.add(chain)
            chain.edit("审核链", [Step.model_validate(step) for step in steps], work.now)
            version, _ = chain.publish(self.id("wu"), work.now)
            work.session.flush()
            work.add(version)

    def _chain(self, level: str, owner: str, doc_type: str, at: datetime) -> Chain:
        unit = UUID(owner) if level == "unit" else None
        return Chain(
            id=new_id(),
            level=level,
            owner=owner,
            owner_name=owner,
            organisation_id=unit,
            district_path=self.paths[self.places[unit] if unit else owner],
            doc_type=doc_type,
            name="",
            draft=[],
            published=0,
            newest=0,
            published_digest="",
            retired_reason="",
            version=0,
            created_at=at,
            changed_at=at,
        )

    def document(self, unit: UUID, doc_type: str) -> tuple[str, Submission]:
        """A handler of a unit and what he sends."""
        who = self.dice.choice(
            [name for name, (_, where) in self.people.items() if where == unit and "handler" in name]
        )
        facts: dict[str, Any] = {
            "amount_fen": self.dice.choice([None, 0, 999, 1000, 4999, 5000, 10**9]),
            "kind": self.dice.choice([*KINDS, None]),
        }
        content = {"facts": facts}
        return who, Submission(
            doc_type=doc_type,
            doc_id=new_id(),
            title="随机单据",
            organisation_id=unit,
            applicant_id=self.id(who),
            applicant_name=who,
            facts=facts,
            content=content,
            digest=digest(content),
        )
