"""The story over separate processes on real servers, and over the one embedded process."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.demo.play import administrator
from services.demo.sample import build
from services.demo.story import Story
from tests.processes.audit import opened
from tests.processes.paperwork import YEAR
from tests.processes.process import run
from tests.processes.running import Product, separate_processes

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.mark.postgres
@pytest.mark.redis
@pytest.mark.parametrize("transport", [pytest.param("amqp", marks=pytest.mark.amqp), "redis"])
def test_the_story_runs_over_separate_processes(tmp_path: Path, broker_prefix: str, transport: str) -> None:
    with separate_processes(tmp_path / "data", transport, broker_prefix) as product:
        product.start()

        with product.api() as api:
            sample = build(api, administrator(api, product.admin_file), YEAR)
            plan = Story(sample, YEAR, lambda line: None).play()

        assert plan["plan_number"] == f"{sample.district}-{YEAR}-000001"
        with opened(product.url_of) as books:
            product.settle(books)
            books.check({plan["id"]})
        the_demo_command_plays_it_again(product)
        every_process_ends_well(product)


def the_demo_command_plays_it_again(product: Product) -> None:
    admin = str(product.admin_file)
    status, said = run("demo", "--url", product.origin, "--admin-file", admin, settings=product.settings)
    assert status == 0, said
    assert "采购计划可使用" in said
    assert "approvals #" in said, "events that travelled are shown"


def every_process_ends_well(product: Product) -> None:
    """SIGTERM: status 0, in time, and nobody's child is left behind."""
    ended = {name: process.end() for name, process in product.processes.items()}
    assert {name: status for name, status in ended.items() if status != 0} == {}
    assert [name for name, process in product.processes.items() if process.cut_off()] == []
    assert [name for name, process in product.processes.items() if process.has_children()] == []
