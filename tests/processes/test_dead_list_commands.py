"""Operators' commands for deliveries that failed for good."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services import doctor
from tests.notify.office import Office
from tests.notify.test_dead_list import fails
from tests.processes.test_starting import assert_clear, command


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    for name in ("DATABASE_URL", "BROKER_URL", "SERVICE_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    made = Office(tmp_path)
    fails(made, 2)
    fails(made, 1, "553 bad name", person=made.zhao)
    yield made
    made.close()


def states(office: Office) -> list[str]:
    """How the letters stand, but for the one that tells the administrator of failures."""
    return [delivery.state for delivery in office.deliveries() if delivery.person_id != office.admin]


def test_operators_count_what_has_failed(office: Office) -> None:
    status, said = command("failed")
    assert (status, said.splitlines()) == (0, ["email  550  2", "email  553  1", "3 条发送失败 (failed)"])
    assert command("failed", f"person_id={office.zhao}")[1].splitlines()[-1] == "1 条发送失败 (failed)"


def test_operators_send_it_again_by_the_filter_of_the_list(office: Office) -> None:
    status, said = command("resend", "code=550", "limit=1")
    assert (status, said.startswith("1 条已重新排队"), "还有 1 条" in said) == (0, True, True), said
    assert states(office) == ["queued", "failed", "failed"]
    assert command("resend", "channel=email")[1].startswith("2 条已重新排队")
    assert command("resend")[1].strip() == "0 条已重新排队 (queued)；还有 0 条 (left)"


@pytest.mark.parametrize("word", ["cod=550", "code", "kind=no.such", "since=yesterday", "limit=9999"])
@pytest.mark.parametrize("verb", ["failed", "resend"])
def test_a_filter_that_is_none_is_one_clear_line_and_sends_nothing(
    office: Office, verb: str, word: str
) -> None:
    status, said = command(verb, word)
    assert status == 2
    assert_clear(said, word.partition("=")[0])
    assert set(states(office)) == {"failed"}


def test_the_doctor_mentions_it(office: Office) -> None:
    (found,) = doctor.check_dead_list(office.store)
    assert (found.level, "email 550 2，email 553 1" in found.text) == ("warning", True)
    command("resend")
    assert list(doctor.check_dead_list(office.store)) == []
