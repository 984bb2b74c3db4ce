"""The embedded process is ended or killed in the middle of the work: nothing is lost, nothing comes twice."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from services.demo.play import administrator
from services.demo.sample import build
from services.demo.story import Story
from shared.jobs import Job
from tests.processes.audit import opened
from tests.processes.embedded import Embedded, embedded, silent_server
from tests.processes.paperwork import NEEDS_LEADER, YEAR, Office, agree_with_all, in_background
from tests.processes.process import PATIENCE, wait_until

pytestmark = pytest.mark.timeout(240)
DEAD = "http://127.0.0.1:9"


@pytest.mark.slow
def test_killed_in_the_middle_of_the_work_it_loses_and_doubles_nothing(tmp_path: Path) -> None:
    with embedded(tmp_path / "data") as system, system.api() as (api, http):
        office = Office(build(api, administrator(api, system.admin_file), YEAR))

        for number in range(5):  # right after a submission was answered
            office.apply(f"甲 {number}", NEEDS_LEADER if number == 0 else "1200.00")
            system.start_again()
        while agree_with_all(office.sample.head):  # right after decisions were answered
            system.start_again()
        while not office.all_usable():  # and in the middle of many acts at a time
            apply_and_kill(system, office)
            agree_until_usable(office)

        assert http.failures == []
        assert http.retries > 0
        with opened(system.url_of) as books:
            books.end_leases()
            wait_until(lambda: books.unfinished() == [], lambda: f"quiet: {books.unfinished()}")
            books.check(set(office.plans))


def apply_and_kill(system: Embedded, office: Office) -> None:
    reviewing = [lambda person=person: agree_with_all(person) for person in office.reviewers]
    with in_background(*reviewing), ThreadPoolExecutor(3) as pool:
        applied = [pool.submit(office.apply, f"乙 {number}") for number in range(12)]
        for application in applied[::4]:
            application.result()
            system.start_again()
        for application in applied:
            application.result()


def agree_until_usable(office: Office) -> None:
    def move() -> bool:
        for person in office.reviewers:
            agree_with_all(person)
        return office.all_usable()

    wait_until(move, "usable plans")


def test_the_story_runs_although_proxies_are_set_and_a_stream_is_open_at_the_end(tmp_path: Path) -> None:
    proxies = {name: DEAD for name in ("http_proxy", "https_proxy", "all_proxy")}
    with embedded(tmp_path / "data", **proxies) as system, system.api() as (api, http):
        sample = build(api, administrator(api, system.admin_file), YEAR)
        plan = Story(sample, YEAR, lambda line: None).play()
        with opened(system.url_of) as books:
            wait_until(lambda: books.unfinished() == [], lambda: f"quiet: {books.unfinished()}")
            books.check({plan["id"]})

        signed_in = {"Authorization": f"Bearer {sample.handler.token}"}
        with http.client.stream("GET", "/api/notify/stream", headers=signed_in) as stream:
            assert next(stream.iter_lines()).startswith(("event:", "id:", "data:"))
            status = system.process.end(signal.SIGTERM)
        assert (status, system.process.cut_off()) == (0, False), system.process.said()


@pytest.mark.slow
def test_the_first_start_plays_the_story_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    with embedded(tmp_path / "data", story=1) as system:
        wait_until(lambda: "running at" in system.process.said(), "the end of the story")
        assert "故事完成" in system.process.said()

        status = system.process.end(signal.SIGINT)
        assert (status, system.process.cut_off()) == (0, False), system.process.said()
        assert "Traceback" not in system.process.said()

        system.start()  # a second start finds the story played
        wait_until(lambda: system.process.said().count("running at") == 2, "the second start")
        assert system.process.said().count("故事完成") == 1


def test_work_that_hangs_is_cut_off_at_the_end_and_not_lost(tmp_path: Path) -> None:
    with silent_server() as (port, called):
        silent = {"smtp_url": f"smtp://127.0.0.1:{port}?timeout=20", "mail_from": "plans@example.org"}
        with embedded(tmp_path / "data", **silent) as system, system.api() as (api, _):
            Office(build(api, administrator(api, system.admin_file), YEAR)).apply("甲")
            assert called.wait(PATIENCE), "no mail was begun"
            assert system.process.end() == 0
            assert system.process.cut_off(), "a mail hung, and yet nothing was cut off"

        with opened(system.url_of) as books:
            assert [job.state for job in books.all("notify", select(Job))] == ["running"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_end_while_it_starts_it_ends_well(tmp_path: Path, how: signal.Signals) -> None:
    system = Embedded(tmp_path / "data")
    try:
        system.process.start()
        wait_until((tmp_path / "data" / "lock").exists, "the start to begin")
        status = system.process.end(how)
        assert status == 0, system.process.said()
        assert "Traceback" not in system.process.said()
    finally:
        system.process.clear()
    assert not answers(system.url)


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", trust_env=False).is_success
    except httpx.HTTPError:
        return False
