"""What can be done with a slot: each verb with the rules that must let it pass, and why it is refused."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from uuid import UUID

from services.approvals.actor import Actor
from services.approvals.case import CaseState
from services.approvals.case_event import CaseEvent
from services.approvals.case_file import CaseFile
from services.approvals.judge import facts_of, why_not_administer
from services.approvals.marks import may_be_urged_at
from services.approvals.quorum import can_spare, has_quorum
from services.approvals.signing import MAX_SIGNERS
from services.approvals.slot import Slot, SlotState
from services.approvals.step import RouteStep
from services.approvals.turn import cannot_represent, in_hand
from services.approvals.undoing import why_not_take_back
from shared.clock import SHANGHAI
from shared.errors import Conflict, Forbidden, Refusal, TooMany
from shared.people import Caller


@dataclass(frozen=True)
class Situation:
    """Somebody before a slot. `acts` gives the events of the running round, `former` who held a slot in an
    earlier one, `is_eligible` whether its holder may still decide it: asked only by the rules that need it.
    """

    file: CaseFile
    slot: Slot
    caller: Caller
    acts: Callable[[], Sequence[CaseEvent]] = tuple
    former: Callable[[], Collection[UUID | None]] = tuple
    is_eligible: Callable[[], bool] = lambda: True

    @property
    def step(self) -> RouteStep | None:
        """The step of the slot, if it belongs to the running round."""
        route, index = self.file.route, self.slot.step_index
        current = self.slot.round == self.file.case.round and index < len(route)
        return route[index] if current and self.file.is_of(self.slot, index) else None

    @property
    def holds(self) -> bool:
        return self.slot.holder_id == self.caller.person_id

    @property
    def actor(self) -> Actor:
        """The caller, for himself or for the holder he stands in for."""
        if self.holds:
            return Actor(self.caller.person_id, self.caller.name)
        return Actor(self.caller.person_id, self.caller.name, self.slot.holder_id, self.slot.holder_name)

    @property
    def principal(self) -> Slot | None:
        """The slot that this one was added for."""
        return next((one for one in self.file.slots if one.id == self.slot.sign_for), None)

    @property
    def administers(self) -> bool:
        """Whether the caller is an administrator of the step, and no party of the case."""
        return administers(self) is None


Rule = Callable[[Situation], Refusal | None]


def his_turn(at: Situation) -> Refusal | None:
    """His own, or that of a holder he stands in for: then duties are kept apart for both people."""
    if not in_hand(at.file, at.slot, at.caller) or at.slot.state == SlotState.VACANT:
        return Forbidden("not_your_turn", "该环节不由您办理", "it is not your turn")
    if at.slot.state == SlotState.WAITING:
        adding = [one for one in at.acts() if (one.type, one.slot_id) == ("signers_added", at.slot.id)]
        facts = facts_of(at.file.case, adding[-1] if adding else None)
        text = "正在等待加签人办理"
        return Conflict("waiting_for_signers", text, "those asked to sign first have not", facts)
    if (closed := pending(at)) is not None or at.holds:
        return closed
    problem = cannot_represent(at.file, at.slot, at.caller)
    return Forbidden(problem.code, problem.text, problem.text_en) if problem else None


def pending(at: Situation) -> Refusal | None:
    if not at.slot.pending:
        return Conflict("slot_closed", f"该环节{at.slot.label}", f"the slot is {at.slot.state}")
    return None


def may_transfer(at: Situation) -> Refusal | None:
    if at.step is not None and not at.step.may_transfer:
        return Forbidden("transfer_not_allowed", "该环节不允许转办", "the step allows no transfer")
    return None


def may_add_sign(at: Situation) -> Refusal | None:
    if at.step is not None and not at.step.may_add_sign:
        return Forbidden("add_sign_not_allowed", "该环节不允许加签", "the step allows no added signers")
    if at.slot.sign:
        return Conflict("signer_adds_none", "加签人不能再加签", "an added signer adds no others")
    if sum(bool(one.sign) and one.pending for one in at.file.step_slots) >= MAX_SIGNERS:
        return Conflict("too_many_signers", f"加签人最多 {MAX_SIGNERS} 名", f"{MAX_SIGNERS} at most")
    return None


def may_reduce(at: Situation) -> Refusal | None:
    """Who has added a signer takes him off again; administrators also places that the quorum can spare."""
    if at.administers:
        return None
    adder = at.principal
    if adder is None or adder.holder_id != at.caller.person_id or not adder.pending:
        text = "只有加签的人在本人办结前，或管理员，可以减签"
        return Forbidden("not_the_adder", text, "who added him, before deciding, or an administrator")
    return None


def can_reduce(at: Situation) -> Refusal | None:
    slots = at.file.step_slots
    if at.step is None:
        return None
    if at.slot.counts and not can_spare(at.step, slots, at.slot):
        return Conflict("below_quorum", "减签后将达不到通过人数", "the quorum could not be reached any more")
    others = any(one.sign == "with" and one.pending for one in slots if one is not at.slot)
    if at.slot.sign == "with" and not others and has_quorum(at.step, slots):
        return Conflict("would_close_step", "减签将使环节通过，请由审核人同意", "it would close the step")
    return None


def administers(at: Situation) -> Refusal | None:
    holders = {*at.former(), *(slot.holder_id for slot in at.file.slots)}
    return why_not_administer(at.file.case, at.step, at.caller, holders)


def may_urge(at: Situation) -> Refusal | None:
    """The applicant asks who has the document to be quick, once in a while of working time."""
    if at.file.case.applicant_id != at.caller.person_id:
        return Forbidden("applicant_only", "只有申请人可以催办", "only the applicant can urge")
    if at.slot.pending and at.slot.state != SlotState.OPEN:
        return Conflict("not_open", f"该环节{at.slot.label}", f"the slot is {at.slot.state}")
    return pending(at)


def not_urged_lately(at: Situation) -> Refusal | None:
    again = may_be_urged_at(at.file, at.slot)
    if again <= at.file.at:
        return None
    seconds = ceil((again - at.file.at).total_seconds())
    text = f"刚催办过，{again.astimezone(SHANGHAI):%m月%d日 %H:%M} 后可再次催办"
    facts = {"again_at": again.isoformat().replace("+00:00", "Z")}
    return TooMany("urged_lately", text, "urged a short while ago", facts, {"Retry-After": str(seconds)})


def his_agreement(at: Situation) -> Refusal | None:
    """Who has agreed takes it back, or for whom a deputy has; as long as he could still decide the slot."""
    if at.caller.person_id not in (at.slot.acted_by, at.slot.on_behalf_of):
        text = "只能收回本人或代理人代本人作出的同意意见"
        return Forbidden("not_your_decision", text, "only an agreement of one's own or one's deputy")
    if (refused := why_not_take_back(at.file, at.slot, at.acts())) is not None:
        return refused
    if in_hand(at.file, at.slot, at.caller) and at.is_eligible():
        return None
    text = "该环节已不由您办理，不能收回"
    return Forbidden("not_yours_any_more", text, "left, or the substitution has ended")


@dataclass(frozen=True)
class Verb:
    """`path` follows that of the slot; the first rule that refuses says why."""

    path: str
    rules: tuple[Rule, ...]


VERBS: Mapping[str, Verb] = {
    "agree": Verb("agree", (his_turn,)),
    "disagree": Verb("disagree", (his_turn,)),
    "seen": Verb("seen", (his_turn,)),
    "transfer": Verb("transfer", (his_turn, may_transfer)),
    "add_sign": Verb("add-sign", (his_turn, may_add_sign)),
    "urge": Verb("urge", (may_urge, not_urged_lately)),
    "take_back": Verb("take-back", (his_agreement,)),
    "reduce_sign": Verb("reduce-sign", (may_reduce, pending, can_reduce)),
    "reassign": Verb("reassign", (administers, pending)),
}


def why_not(verb: str, at: Situation) -> Refusal | None:
    """The first reason against a verb."""
    if at.file.case.state != CaseState.REVIEWING and at.slot.pending:
        return Conflict("wrong_state", f"当前状态：{at.file.case.label}", f"it is {at.file.case.state}")
    return next((no for rule in VERBS[verb].rules if (no := rule(at)) is not None), None)
