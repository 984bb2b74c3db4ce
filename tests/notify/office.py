"""Notify alone, with a small unit around it whose events it hears."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
from sqlalchemy import select

from services.notify.answer import Answer
from services.notify.attempt import Attempt
from services.notify.channels import Channel
from services.notify.delivery import Delivery
from services.notify.jobs import post_of
from services.notify.post import Claimed
from services.notify.preferences import ALL, Choice, Mode, Owner
from services.notify.sending import note
from services.notify.service import service
from services.notify.wishes import lock_preferences
from shared.database import new_id
from shared.events import Envelope
from shared.events.approvals import CaseAttentionRaised, SlotClosed, SlotOpened
from shared.events.directory import PersonContactChanged
from shared.events.plans import (
    MethodChangeStatusChanged,
    PlanAssigned,
    PlanHandedOver,
    PlanRecalled,
    PlanStatusChanged,
    RevocationStatusChanged,
)
from tests.lone import Lone

DIGEST = "0" * 64
ADDRESS = "wang.fang@example.org"


class Office(Lone):
    """A unit with an applicant (li), two reviewers (wang, zhao) and a platform administrator (admin)."""

    def __init__(self, data_dir: Path, database_url: str = "") -> None:
        super().__init__(service, data_dir, database_url)
        self.district("140105", "小店区", "county", "/140000/140100/140105/", "140100")
        self.unit = self.organisation("小店区第一中学", "140105")
        self.li = self.person("李明", self.unit, "handler")
        self.wang = self.person("王芳", self.unit, "reviewer")
        self.zhao = self.person("赵强", self.unit, "reviewer")
        self.admin = self.person("系统管理员", self.unit, "platform_administrator")

    def has_address(self, person_id: UUID, email: str, version: int = 1, phone: str = "") -> None:
        self.hear(PersonContactChanged(person_id=person_id, version=version, email=email, phone=phone))

    # requests

    def get(self, person_id: UUID, path: str, **headers: str) -> httpx2.Response:
        found: httpx2.Response = self.http.get(path, headers=self.as_(person_id, self.unit, **headers))
        return found

    def put(self, person_id: UUID, path: str, body: Any, **headers: str) -> httpx2.Response:
        headers = self._as_seen(person_id, path) | headers
        found: httpx2.Response = self.http.put(
            path, json=body, headers=self.as_(person_id, self.unit, **headers)
        )
        return found

    def delete(self, person_id: UUID, path: str, **headers: str) -> httpx2.Response:
        headers = self._as_seen(person_id, path) | headers
        found: httpx2.Response = self.http.delete(path, headers=self.as_(person_id, self.unit, **headers))
        return found

    def _as_seen(self, person_id: UUID, path: str) -> dict[str, str]:
        """A person changes where he is reached as it is at that moment, unless a test says otherwise."""
        return {"If_Match": self.get(person_id, path).headers["etag"]} if path.startswith("contacts/") else {}

    def post(self, person_id: UUID, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        found: httpx2.Response = self.http.post(
            path, json=body, headers=self.as_(person_id, self.unit, **headers)
        )
        return found

    def messages(self, person_id: UUID, tab: str = "all") -> list[dict[str, Any]]:
        """All messages under a tab, over as many pages as it takes."""
        found: list[dict[str, Any]] = []
        following: str | None = ""
        while following is not None:
            page = self.get(person_id, f"messages?tab={tab}&limit=7&cursor={following}").json()
            found += page["items"]
            following = page["next"]
        return found

    def counts(self, person_id: UUID) -> dict[str, int]:
        """The numbers that people see all the time; that of what is put off has no place on the bell."""
        found: dict[str, int] = self.get(person_id, "messages/counts").json()
        return {name: found[name] for name in ("unread", "todo")}

    # providers

    def provider(self, kind: str, settings: dict[str, Any], **more: Any) -> dict[str, Any]:
        """A provider that the platform administrator (or `by`) has entered."""
        by = more.pop("by", self.admin)
        made = self.post(by, "providers", {"kind": kind, "name": kind, "settings": settings} | more)
        assert made.status_code == 201, made.text
        found: dict[str, Any] = made.json()
        return found

    def reaches_this_machine(self) -> None:
        """What administrators enter may lead to servers of the test."""
        changed = {"private_networks": "127.0.0.0/8"}
        self.here.settings = self.here.settings.model_copy(update=changed)

    def smtp(self, address: str, priority: int, **more: Any) -> dict[str, Any]:
        """An SMTP server at `host:port` as a provider."""
        host, _, port = address.partition(":")
        settings = {"host": host, "port": int(port)} | more
        return self.provider("smtp", settings, channel="email", priority=priority)

    # mail

    def use_server(self, address: str, more: str = "") -> None:
        """From now on mail goes to an SMTP server."""
        self.here.settings = self.here.settings.model_copy(update={"smtp_url": f"smtp://{address}{more}"})

    def kept_mail(self) -> list[Path]:
        """What lies in the folder of mail that was kept instead of sent."""
        return sorted((self.here.settings.data_dir / "mail").glob("*"))

    def note(self, claimed: Claimed, answer: Answer) -> None:
        """Notes an answer to a try that was claimed by hand."""
        tried = Attempt.of(claimed.letter.delivery_id, claimed.attempt, "test", answer)
        note(self.store, post_of(self.here), claimed, tried, answer)

    def mails(self) -> list[EmailMessage]:
        """The mails that were kept, oldest first."""
        found = [message_from_bytes(path.read_bytes(), policy=default) for path in self.kept_mail()]
        return [mail for mail in found if isinstance(mail, EmailMessage)]

    def goes_by(self, *channels: Channel, unit: UUID | None = None) -> None:
        """From now on the people of a unit are told of everything on these channels, and on no other."""
        others = [Choice(ALL, channel, Mode.OFF) for channel in Channel if channel not in channels]
        with self.store.work() as work:
            row = lock_preferences(work, unit or self.unit, Owner.UNIT)
            row.choose([*(Choice(ALL, channel, Mode.NOW) for channel in channels), *others], work.now)
            row.inbox_suffices = True

    # events

    def outcomes(self) -> list[Envelope]:
        """What was published about deliveries, oldest first."""
        return [event for event in self.published() if event.type.startswith("delivery.")]

    # rows

    def deliveries(self) -> list[Delivery]:
        with self.store.read() as look:
            return look.all(select(Delivery).order_by(Delivery.id))

    def attempts(self) -> list[Attempt]:
        with self.store.read() as look:
            return look.all(select(Attempt).order_by(Attempt.number, Attempt.id))


def slot_opened(holder_id: UUID, slot_id: UUID | None = None, **more: Any) -> SlotOpened:
    content = {
        "case_id": new_id(),
        "case_version": 2,
        "doc_type": "plan",
        "doc_id": new_id(),
        "round": 1,
        "revision": 1,
        "digest": DIGEST,
        "slot_id": slot_id or new_id(),
        "step_key": "unit-1",
        "step_name": "部门负责人",
        "holder_id": holder_id,
        "applicant_id": new_id(),
        "applicant_name": "李明",
        "organisation_id": new_id(),
        "organisation_name": "小店区第一中学",
        "title": "办公电脑采购",
        "number": "SQ-2026-0001",
        "opened_at": "2026-11-23T01:00:00Z",
    }
    return SlotOpened.model_validate(content | more)


def slot_closed(opened: SlotOpened, **more: Any) -> SlotClosed:
    content = opened.model_dump() | {"case_version": opened.case_version + 1, "outcome": "agreed"}
    return SlotClosed.model_validate(content | more)


def status_changed(applicant_id: UUID, status: str, **more: Any) -> PlanStatusChanged:
    content = {
        "plan_id": new_id(),
        "version": 3,
        "round": 1,
        "status": status,
        "previous_status": "draft" if status == "under_review" else "under_review",
        "status_label": status,
        "name": "办公电脑采购",
        "fiscal_year": 2026,
        "organisation_id": new_id(),
        "applicant_id": applicant_id,
        "holder_id": applicant_id,
        "application_number": "SQ-2026-0001",
        "amount_fen": 123_456_700,
    }
    return PlanStatusChanged.model_validate(content | more)


def attention_raised(administrators: list[UUID], **more: Any) -> CaseAttentionRaised:
    content = {
        "case_id": new_id(),
        "case_version": 4,
        "doc_type": "plan",
        "doc_id": new_id(),
        "round": 1,
        "revision": 1,
        "digest": DIGEST,
        "reason": "审核人已停用",
        "step_name": "部门负责人",
        "title": "办公电脑采购",
        "number": "SQ-2026-0001",
        "administrator_ids": administrators,
    }
    return CaseAttentionRaised.model_validate(content | more)


def assigned(to: UUID, previous: UUID, **more: Any) -> PlanAssigned:
    return PlanAssigned.model_validate(_handed_over(to, previous) | more)


def recalled(to: UUID, previous: UUID, **more: Any) -> PlanRecalled:
    return PlanRecalled.model_validate(_handed_over(to, previous) | more)


def _handed_over(to: UUID, previous: UUID) -> dict[str, Any]:
    """What the two have in common; the applicant is called 李明, the other handler 周平."""
    about = PlanHandedOver(
        plan_id=new_id(),
        version=4,
        seq=2,
        name="办公电脑采购",
        plan_number="JH-2026-0007",
        fiscal_year=2026,
        amount_fen=123_456_700,
        organisation_id=new_id(),
        applicant_id=to,
        holder_id=to,
        holder_name="周平",
        previous_holder_id=previous,
        previous_holder_name="李明",
        actor_id=previous,
        actor_name="李明",
    )
    return about.model_dump()


def method_change(by: UUID, status: str, **more: Any) -> MethodChangeStatusChanged:
    return MethodChangeStatusChanged(
        **_requested(by, status) | {"old_method": "open_tender", "new_method": "inquiry"} | more
    )


def revocation(by: UUID, status: str, **more: Any) -> RevocationStatusChanged:
    return RevocationStatusChanged(**_requested(by, status) | {"handling": "void"} | more)


def _requested(by: UUID, status: str) -> dict[str, Any]:
    return {
        "request_id": new_id(),
        "version": 2,
        "round": 1,
        "status": status,
        "previous_status": "draft",
        "status_label": "审核中",
        "plan_id": new_id(),
        "plan_number": "JH-2026-0007",
        "name": "办公电脑采购",
        "fiscal_year": 2026,
        "organisation_id": new_id(),
        "applicant_id": by,
        "asked_because": "两次废标",
    }
