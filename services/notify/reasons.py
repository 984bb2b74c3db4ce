"""Why a delivery waits, has failed or was not sent: codes of ours, in words."""

from __future__ import annotations

UNWANTED = "preference"
"""Its person has switched it off."""
REASONS = {
    UNWANTED: "本人选择不接收",
    "stale": "事项已办结",
    "left": "账号已停用",
    "substitution_over": "不再代理",
    "no_address": "没有联系方式",
    "no_robot": "没有群机器人",
    "no_provider": "没有服务商",
    "sandbox": "不在试用名单内",
    "provider_broken": "服务商待修复",
    "provider_awaited": "等待原服务商",
    "answer_lost": "应答丢失",
    "quiet": "免打扰时间",
    "digest": "待汇总发送",
    "throttle": "超过每小时条数，待汇总发送",
    "limit_provider": "超过服务商限额",
    "limit_receiver": "超过接收限额",
}
"""What people read for a code of ours; a provider's own code stands for itself."""


def reason_of(code: str) -> str:
    """A code in words; a provider's own stands for itself."""
    return REASONS.get(code, code)
