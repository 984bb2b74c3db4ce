"""What a plan reserves for small and medium enterprises (财库〔2020〕46号)."""

from __future__ import annotations

from collections.abc import Iterator

from services.plans.plan import Plan
from services.plans.rules import Rules
from services.plans.topics import Share, Sme
from shared.errors import Problem
from shared.money import format_yuan


def sme_amounts(plan: Plan, rules: Rules) -> Iterator[Problem]:
    """micro ≤ reserved ≤ total (财库〔2020〕46号); no reservation needs a reason."""
    reserved, micro = plan.sme_reserved_fen or 0, plan.sme_micro_fen or 0
    if reserved > plan.amount_fen:
        text = "预留中小企业金额不能超过计划金额"
        yield Problem("sme_reserved_too_large", text, "/sme_reserved", "more than the amount")
    if micro > reserved:
        text = "预留小微企业金额不能超过预留中小企业金额"
        yield Problem("sme_micro_too_large", text, "/sme_micro", "more than is reserved for SMEs")
    if plan.sme_mode == "none" and not plan.sme_reason:
        yield Problem("sme_reason_required", "不预留须说明理由", "/sme_reason", "a reason is required")


def sme_mode(plan: Plan, rules: Rules) -> Iterator[Problem]:
    if plan.sme_mode is None and plan.organisation_form != "outside_scope":
        text = "尚未填写中小企业预留方式"
        yield Problem("sme_mode_missing", text, "/sme_mode", "nothing is said about a reservation")


def sme_share(plan: Plan, rules: Rules) -> Iterator[Problem]:
    """A purchase that suits such enterprises is wholly reserved up to an amount; above it at least a share is
    reserved, and of that a share for small and micro ones. What does not suit states a reason instead."""
    share = rules.policy.get(Sme).of(plan.kind)
    if share is None or plan.sme_mode in (None, "none"):
        return
    if plan.sme_mode == "whole":
        if plan.sme_reserved_fen not in (None, plan.amount_fen):
            text = "整体预留的金额应等于计划金额"
            yield Problem("sme_not_wholly_reserved", text, "/sme_reserved", "must be the whole amount")
    elif plan.amount_fen <= share.whole_up_to:
        text = f"{format_yuan(share.whole_up_to)} 元以下的采购应整体预留给中小企业"
        yield Problem("sme_not_wholly_reserved", text, "/sme_mode", "reserved wholly up to this amount")
    else:
        yield from _parts(plan, share)


def _parts(plan: Plan, share: Share) -> Iterator[Problem]:
    reserved, micro = plan.sme_reserved_fen or 0, plan.sme_micro_fen or 0
    if reserved * 100 < plan.amount_fen * share.reserved_percent:
        text = f"预留中小企业金额不得低于计划金额的 {share.reserved_percent}%"
        english = f"at least {share.reserved_percent} % of the amount"
        yield Problem("sme_reserved_too_small", text, "/sme_reserved", english)
    if micro * 100 < reserved * share.micro_percent:
        text = f"预留小微企业金额不得低于预留金额的 {share.micro_percent}%"
        english = f"at least {share.micro_percent} % of what is reserved"
        yield Problem("sme_micro_too_small", text, "/sme_micro", english)
