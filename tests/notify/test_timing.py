"""What people and units choose about time: what holds, where it comes from, and what may not be chosen."""

from __future__ import annotations

from typing import Any

import pytest

from tests.notify.choosing import save
from tests.notify.office import Office

NONE = {"begin": None, "end": None}


@pytest.mark.parametrize(
    ("timing", "code", "pointer"),
    [
        ({"quiet_hours": {"begin": "22:00", "end": "24:00"}}, "string_pattern_mismatch", "/quiet_hours/end"),
        ({"quiet_hours": {"begin": "22:00", "end": "22:00"}}, "value_error", "/quiet_hours"),
        ({"quiet_hours": {"begin": "22:00"}}, "value_error", "/quiet_hours"),
        ({"quiet_hours": "never"}, "model_attributes_type", "/quiet_hours"),
        ({"digest_times": []}, "too_short", "/digest_times"),
        ({"digest_times": ["8:30"]}, "string_pattern_mismatch", "/digest_times/0"),
        ({"digest_times": ["08:30"] * 7}, "too_long", "/digest_times"),
        ({"todo_digest_at": "soon"}, "string_pattern_mismatch", "/todo_digest_at"),
        ({"hourly_limit": -1}, "greater_than_equal", "/hourly_limit"),
        ({"hourly_limit": 1001}, "less_than_equal", "/hourly_limit"),
        ({"working_days_only": "perhaps"}, "bool_parsing", "/working_days_only"),
        ({"weekends": True}, "extra_forbidden", "/weekends"),
    ],
)
def test_what_is_wrong_about_time_is_said(
    office: Office, timing: dict[str, Any], code: str, pointer: str
) -> None:
    answer = save(office, office.wang, timing=timing)
    assert answer.status_code == 422
    errors = [(item["code"], item["pointer"]) for item in answer.json()["errors"]]
    assert errors == [(code, f"/timing{pointer}")]


def test_what_holds_about_time_says_where_it_comes_from(any_office: Office) -> None:
    office = any_office
    chief = office.person("安管理", office.unit, "unit_administrator")
    usual = office.get(office.wang, "preferences").json()
    assert usual["timing"] == {
        "quiet_hours": {"value": NONE, "source": "system"},
        "working_days_only": {"value": False, "source": "system"},
        "digest_times": {"value": ["17:00"], "source": "system"},
        "todo_digest_at": {"value": "08:30", "source": "system"},
        "hourly_limit": {"value": 0, "source": "system"},
    }
    of_unit = {"quiet_hours": {"begin": "20:00", "end": "08:00"}, "working_days_only": True}
    saved = save(office, chief, path="preferences/unit", timing=of_unit)
    assert saved.json()["own_timing"]["working_days_only"] is True
    own = {"quiet_hours": NONE, "digest_times": ["09:00", "16:30"], "hourly_limit": 0}
    found = save(office, office.wang, timing=own).json()
    assert found["timing"] == {
        "quiet_hours": {"value": NONE, "source": "person"},
        "working_days_only": {"value": True, "source": "unit"},
        "digest_times": {"value": ["09:00", "16:30"], "source": "person"},
        "todo_digest_at": {"value": "08:30", "source": "system"},
        "hourly_limit": {"value": 0, "source": "person"},
    }
    assert {name: value for name, value in found["own_timing"].items() if value is not None} == own
    theirs = office.get(office.zhao, "preferences").json()["timing"]["quiet_hours"]
    assert theirs == {"value": of_unit["quiet_hours"], "source": "unit"}
    cleared = save(office, office.wang).json()
    assert set(cleared["own_timing"].values()) == {None}
