"""Complete three-step chains per second in the domain of approvals: `open_case` and three agreements."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from bench import floor_chain
from bench.result import Figure, Goal, interleaved
from bench.servers import Place, place
from bench.workers import per_second
from services.approvals import deciding
from services.approvals.case_file import CaseFile
from services.approvals.chains.chain import Chain
from services.approvals.deciding import Decision
from services.approvals.filing import keep, situation, take_by_slot
from services.approvals.handlers import events, open_case
from services.approvals.service import service
from services.approvals.slot import Slot
from services.approvals.staffing import candidates_today
from services.approvals.verbs import why_not
from shared.clock import Clock
from shared.database import new_id
from shared.digest import digest
from shared.events import Event
from shared.events.approvals import SlotOpened
from shared.events.directory import Appointment, DistrictChanged, OrganisationChanged, PersonChanged
from shared.events.documents import DocumentSubmitted, Submission
from shared.people import Caller, Role
from shared.service import Running
from shared.settings import Settings
from shared.store import Store, Work
from shared.tokens import KeyRing

PATH = "/140000/140100/"
REVIEWERS = ("部门负责人", "分管领导", "采购监管")
PEERS = {"SpiffWorkflow": (0.56, 0.5), "viewflow": (1.6, 1.4), "DBOS": (2.6, 2.3)}
"""The ORM floor's speed as a multiple of each peer's, measured beside it once, and our goal."""
UNIT, FINANCE, APPLICANT = (UUID(int=number) for number in (1, 2, 3))
HOLDERS = [UUID(int=10 + number) for number in range(len(REVIEWERS))]


def measure(rounds: int, quick: bool) -> Iterable[Figure]:
    seconds = 2.0 if quick else 4.0
    with place("approvals", floor_chain.SERVICE) as here:
        make_office(here)
        floor_chain.make_tables(here)
        ours, floor = interleaved(
            rounds,
            lambda: per_second(connect, here, 2, seconds),
            lambda: per_second(floor_chain.connect, here, 2, seconds),
        )
    yield Figure("three-step chains, 2 processes, against the ORM floor", "chains/s", None, ours, floor)
    for peer, (faster, goal) in PEERS.items():
        derived = [rate / faster for rate in floor]
        yield Figure(
            f"three-step chains against {peer} (derived)", "chains/s", Goal(goal, True), ours, derived
        )


def store_of(here: Place) -> Store:
    return Store("approvals", here.database("approvals"), Clock())


def make_office(here: Place) -> None:
    """A unit and its district's finance office with a reviewer for each step, and the published chain."""
    store = store_of(here)
    Running(service, Settings(data_dir=Path()), store, KeyRing(dict), secrets.token_hex(20)).migrate()
    with store.work() as work:
        for event in directory():
            events.apply(work, event.type, event.model_dump(mode="json"))
            work.session.flush()
    with store.work() as work:
        publish(work, "unit", str(UNIT), [step(0, pick="submitter"), step(1)])
        publish(work, "district", "140100", [step(2, place="district_body", kind="finance")])
    store.close()


def directory() -> Iterator[Event]:
    yield DistrictChanged(
        code="140000", version=1, name="省", level="province", parent_code=None, path="/140000/"
    )
    yield DistrictChanged(
        code="140100", version=1, name="市", level="prefecture", parent_code="140000", path=PATH
    )
    for unit, kind in ((UNIT, "purchaser"), (FINANCE, "finance")):
        yield OrganisationChanged(
            organisation_id=unit, version=1, uscc="", name=kind, kind=kind, district_code="140100"
        )
    for number, (holder, position) in enumerate(zip(HOLDERS, REVIEWERS, strict=True)):
        yield person(holder, FINANCE if number == 2 else UNIT, "reviewer", position)
    yield person(APPLICANT, UNIT, "handler", "采购办")


def person(who: UUID, unit: UUID, role: str, position: str) -> PersonChanged:
    appointment = Appointment(organisation_id=unit, role=role, positions=[position])
    return PersonChanged(
        person_id=who, version=1, name=position, active=True, epoch=1, appointments=[appointment]
    )


def step(number: int, pick: str = "none", **place: str) -> dict[str, Any]:
    selector = {"role": "reviewer", "position": REVIEWERS[number], **place}
    return {"key": f"step{number}", "name": REVIEWERS[number], "selector": selector, "pick": pick}


def publish(work: Work, level: str, owner: str, steps: list[dict[str, Any]]) -> None:
    chain = Chain(
        id=new_id(),
        level=level,
        owner=owner,
        owner_name=owner,
        organisation_id=UNIT if level == "unit" else None,
        district_path=PATH,
        doc_type="plan",
        name="审核链",
        draft=steps,
        published=0,
        published_digest="",
        version=1,
        created_at=work.now,
        changed_at=work.now,
    )
    work.add(chain)
    work.session.flush()
    work.add(chain.publish(APPLICANT, work.now)[0])


def connect(here: Place) -> Callable[[], None]:
    store = store_of(here)
    callers = [
        Caller(holder, position, UNIT, "", "140100", PATH, frozenset({Role.REVIEWER}))
        for holder, position in zip(HOLDERS, REVIEWERS, strict=True)
    ]
    numbers = count()

    def chain() -> None:
        with store.work() as work:
            open_case(work, submitted(next(numbers)))
            slot = opened(work)
        for caller in callers:
            slot = agree(store, caller, slot)

    return chain


def submitted(number: int) -> DocumentSubmitted:
    content = {"name": f"信息化终端采购 {number}", "amount": "476000.00", "text": "x" * 300}
    asked = Submission(
        doc_type="plan",
        doc_id=new_id(),
        number=f"SQ-{number}",
        title="信息化终端采购",
        organisation_id=UNIT,
        applicant_id=APPLICANT,
        applicant_name="经办人",
        facts={"amount_fen": 47_600_000, "kind": "goods"},
        content=content,
        digest=digest(content),
    )
    return DocumentSubmitted(submission=asked, round=1, revision=1, picks=[HOLDERS[0]])


def agree(store: Store, caller: Caller, slot_id: UUID) -> UUID:
    """What the route does between sign-in and answer; gives the slot that is open next."""
    with store.work(actor=caller.actor) as work:
        file, slot = take_by_slot(work, slot_id, caller)
        at = situation(work, file, slot, caller)
        assert why_not("agree", at) is None
        said = Decision(at.actor, "同意")
        deciding.agree(file, slot, said, lambda step: candidates_today(work, step))
        keep(work, file)
        return next_slot(file, slot)


def opened(work: Work) -> UUID:
    return next(UUID(row["data"]["slot_id"]) for row in work.events if row["type"] == SlotOpened.type)


def next_slot(file: CaseFile, decided: Slot) -> UUID:
    return next((slot.id for slot in file.slots if slot.pending), decided.id)
