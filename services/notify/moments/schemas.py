"""The HTTP shapes of what people want about time."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

from pydantic import ConfigDict, Field, model_validator

from services.notify.moments.timing import USUAL
from services.notify.wishes import Wishes
from shared.http import Body, Shape

Value = TypeVar("Value")
TimeOfDay = Annotated[
    str,
    Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["08:30"], description="北京时间 (Asia/Shanghai)"),
]
TIMING: dict[str, Any] = {
    "quiet_hours": {"begin": "22:00", "end": "07:00"},
    "working_days_only": True,
    "digest_times": ["12:00", "17:00"],
    "todo_digest_at": "08:30",
    "hourly_limit": 10,
}


class QuietHoursBody(Body):
    """From `begin` until just before `end`, over midnight when `end` is earlier; without either there are
    none, whatever the unit says."""

    begin: TimeOfDay | None = None
    end: TimeOfDay | None = None

    @model_validator(mode="after")
    def _lasts(self) -> QuietHoursBody:
        if (self.begin is None) != (self.end is None):
            raise ValueError("起止时间须同时填写 (begin and end go together)")
        if self.begin is not None and self.begin == self.end:
            raise ValueError("起止时间不能相同 (begin and end must differ)")
        return self


class TimingBody(Body):
    """When messages may go out, on all channels alike; what is absent is left to the unit, then to the
    system. The inbox has every message at once, and what is urgent is never held."""

    model_config = ConfigDict(json_schema_extra={"examples": [TIMING]})

    quiet_hours: QuietHoursBody | None = Field(None, description="免打扰时间 (quiet hours)")
    working_days_only: bool | None = Field(None, description="只在工作日发送 (only on working days)")
    digest_times: list[TimeOfDay] | None = Field(
        None, min_length=1, max_length=6, description="工作日汇总发送时间 (when collected messages leave)"
    )
    todo_digest_at: TimeOfDay | None = Field(
        None, description="工作日待办汇总时间 (when the to-do digest leaves)"
    )
    hourly_limit: int | None = Field(
        None,
        ge=0,
        le=1000,
        description="每渠道每小时条数上限，0 为不限 (messages per channel and hour; 0: any)",
    )

    @property
    def kept(self) -> dict[str, Any]:
        """As preferences keep it."""
        found = self.model_dump(exclude_none=True)
        if self.quiet_hours is not None:
            found["quiet_hours"] = list(found["quiet_hours"].values())
        return found


class QuietHoursShape(Shape):
    """Empty when there are none."""

    begin: str | None = Field(None, examples=["22:00"])
    end: str | None = Field(None, examples=["07:00"])


class Held(Shape, Generic[Value]):
    """A value that holds, and where it comes from."""

    value: Value
    source: str = Field(description="person | unit | system")


class TimingShape(Shape):
    """What holds about time, on all channels alike."""

    quiet_hours: Held[QuietHoursShape]
    working_days_only: Held[bool]
    digest_times: Held[list[str]]
    todo_digest_at: Held[str]
    hourly_limit: Held[int]


class OwnTimingShape(Shape):
    """What the owner has chosen himself about time, as it is saved."""

    quiet_hours: QuietHoursShape | None = None
    working_days_only: bool | None = None
    digest_times: list[str] | None = None
    todo_digest_at: str | None = None
    hourly_limit: int | None = None


def timing_shape(wishes: Wishes) -> TimingShape:
    values = {name: wishes.timed(name) for name in USUAL}
    return TimingShape.model_validate(
        {name: {"value": _shown(name, value), "source": source} for name, (value, source) in values.items()}
    )


def own_timing_shape(kept: dict[str, Any]) -> OwnTimingShape:
    return OwnTimingShape.model_validate({name: _shown(name, value) for name, value in kept.items()})


def _shown(name: str, value: Any) -> Any:
    if name != "quiet_hours":
        return value
    return dict(zip(("begin", "end"), value, strict=False))
