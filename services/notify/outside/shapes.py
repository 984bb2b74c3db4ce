"""The HTTP shapes of endpoints and of what is pushed there; a secret is shown once and never again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field

from services.notify.contact import ADDRESS_LENGTH
from services.notify.outside.endpoint import BY_HAND, Endpoint
from services.notify.outside.events import LABELS
from services.notify.outside.push import OVER, Push, PushState, PushTry
from services.notify.providers.web import is_address
from services.notify.schemas import Action
from shared.errors import Problem, invalid
from shared.http import Body, PageAsked, Shape

LONGEST_REPLAY = timedelta(days=31)
Name = Annotated[str, Field(min_length=1, max_length=100, examples=["省交易系统"])]
Url = Annotated[str, Field(min_length=1, max_length=ADDRESS_LENGTH, pattern=r"^[\x21-\x7e]+$")]
When = Annotated[
    AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC))
]
Kinds = Annotated[
    list[Annotated[str, Field(max_length=80)]],
    Field(max_length=50, description="空则为全部对外事件 (empty: all that are meant for outside)"),
]


class _Endpoint(Body):
    name: Name
    url: Url = Field(examples=["https://trade.example.org/hooks/plans"])
    kinds: Kinds = Field(default_factory=list, examples=[["plan.status_changed"]])

    def check(self) -> None:
        """Raises `Invalid` with every problem: `bad_address`, `unknown_event`."""
        problems = []
        if not is_address(self.url):
            problems.append(Problem("bad_address", "不是有效的地址", "/url", "no http(s) address"))
        problems += [
            Problem("unknown_event", f"没有事件“{kind}”", f"/kinds/{place}", "no event for outside")
            for place, kind in enumerate(self.kinds)
            if kind not in LABELS
        ]
        if problems:
            raise invalid(problems)


class NewEndpoint(_Endpoint):
    """Where an outside system hears of events: of a district and below, or of one unit."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "省交易系统",
                    "url": "https://trade.example.org/hooks/plans",
                    "kinds": ["plan.status_changed"],
                }
            ]
        }
    )

    district_code: Annotated[
        str, Field(max_length=6, description="空则为本区划；平台管理员为全部 (empty: one's own, or all)")
    ] = ""
    organisation_id: UUID | None = None


class ChangedEndpoint(_Endpoint):
    """What an endpoint is from now on; what waits there is tried at once."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "省交易系统", "url": "https://trade.example.org/hooks/v2", "active": True}]
        }
    )

    active: bool = True


class ReplayPeriod(Body):
    """From which moment on, and until before which, events shall be sent again; 31 days at most."""

    model_config = ConfigDict(
        populate_by_name=True,
        json_schema_extra={"examples": [{"from": "2026-11-23T00:00:00Z", "to": "2026-11-24T00:00:00Z"}]},
    )

    first: When = Field(alias="from")
    last: When = Field(alias="to")

    def checked(self) -> Self:
        """Raises `Invalid`: `period_invalid`, `period_too_long`."""
        if self.last <= self.first:
            raise invalid([Problem("period_invalid", "结束时间应晚于开始时间", "/to", "ends too early")])
        if self.last - self.first > LONGEST_REPLAY:
            days = LONGEST_REPLAY.days
            raise invalid([Problem("period_too_long", f"最多 {days} 天", "/to", f"{days} days at most")])
        return self


class Replayed(Shape):
    """How many events are sent again."""

    replayed: int = Field(ge=0, examples=[12])


class OutsideEvent(Shape):
    """An event that is meant for outside systems; its content is described in the AsyncAPI document."""

    type: str = Field(examples=["plan.status_changed"])
    label: str = Field(examples=["采购计划状态变化"])


class EndpointShape(Shape):
    """Where an outside system hears of events; its secret only in the answer that made it."""

    id: UUID
    name: str
    url: str
    kinds: list[str]
    district_code: str = Field(description="空则为全部区划 (empty: all)")
    organisation_id: UUID | None
    active: bool
    status: str = Field(examples=["working"], description="working | failing | disabled")
    status_label: str = Field(examples=["正常"])
    failing_since: datetime | None
    disabled_at: datetime | None
    disabled_code: str = Field(description="by_hand | failing")
    version: int
    created_at: datetime
    changed_at: datetime
    secret: str | None = Field(None, description="签名密钥，只显示一次 (shown once)")
    available_actions: list[Action]


class TryShape(Shape):
    """One try, with the endpoint's answer (shortened, addresses masked)."""

    number: int
    at: datetime
    outcome: str = Field(examples=["retry"])
    code: str = Field(examples=["503"])
    answer: str
    milliseconds: int


class PushShape(Shape):
    """An event on its way to an endpoint; `event_id` is its `webhook-id`."""

    id: UUID
    event_id: UUID
    event_type: str = Field(examples=["plan.status_changed"])
    event_label: str
    subject: str
    event_time: datetime
    state: PushState
    status_label: str = Field(examples=["已接收"])
    code: str
    attempts: int
    next_try_at: datetime | None
    created_at: datetime
    changed_at: datetime
    tries: list[TryShape]
    available_actions: list[Action]


class PushesAsked(PageAsked):
    """Which pushes of an endpoint, and which page of them."""

    state: PushState | None = None
    event_type: str = Field("", max_length=80)


LABEL_OF = {"working": "正常", "failing": "推送失败中", "disabled": "已停用"}


def endpoint_shape(endpoint: Endpoint, secret: str | None = None) -> EndpointShape:
    status = "failing" if endpoint.failing_since else "working"
    url = f"/api/notify/endpoints/{endpoint.id}"
    own = set(EndpointShape.model_fields) - {"status", "status_label", "secret", "available_actions"}
    return EndpointShape(
        **{name: getattr(endpoint, name) for name in own},
        status=status if endpoint.active else "disabled",
        status_label=_label(endpoint, status),
        secret=secret,
        available_actions=[
            Action(action="change", allowed=True, method="PUT", url=url),
            Action(
                action="delete",
                allowed=not endpoint.active,
                reason="请先停用再删除" if endpoint.active else "",
                method="DELETE",
                url=url,
            ),
            Action(action="ping", allowed=True, method="POST", url=f"{url}/ping"),
            Action(action="renew_secret", allowed=True, method="POST", url=f"{url}/secret"),
            Action(action="replay", allowed=True, method="POST", url=f"{url}/replay"),
        ],
    )


def _label(endpoint: Endpoint, status: str) -> str:
    if endpoint.active:
        return LABEL_OF[status]
    return LABEL_OF["disabled"] if endpoint.disabled_code == BY_HAND else "长时间失败，已自动停用"


def push_shape(push: Push, tries: list[PushTry]) -> PushShape:
    url = f"/api/notify/endpoints/{push.endpoint_id}/pushes/{push.id}"
    over, waits = push.state in OVER, push.state == PushState.QUEUED
    own = set(PushShape.model_fields) - {"event_label", "tries", "available_actions"}
    return PushShape(
        **{name: getattr(push, name) for name in own},
        event_label=LABELS.get(push.event_type, push.event_type),
        tries=[TryShape.model_validate(one) for one in tries],
        available_actions=[
            Action(
                action="replay",
                allowed=over,
                reason="" if over else f"当前为“{push.status_label}”",
                method="POST",
                url=f"{url}/replay",
            ),
            Action(
                action="skip",
                allowed=waits,
                reason="" if waits else f"当前为“{push.status_label}”",
                method="POST",
                url=f"{url}/skip",
            ),
        ],
    )
