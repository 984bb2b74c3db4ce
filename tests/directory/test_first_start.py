"""An empty directory becomes usable by itself, once."""

from __future__ import annotations

import stat
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, func, select

from services.directory.district import District, shipped_districts
from services.directory.first_start import first_start
from services.directory.person import Person
from services.directory.service import service
from services.directory.signing_key import SigningKey
from shared.clock import HandClock
from shared.database import NAMING, migrate
from shared.service import Running
from shared.settings import Settings
from shared.store import Store
from shared.tokens import KeyRing
from tests.directory.bureau import Bureau, code
from tests.lone import MORNING


def read_first_admin(data_dir: Path) -> dict[str, str]:
    lines = (data_dir / "first-admin").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines)


def test_the_migrations_make_exactly_the_models(any_bureau: Bureau) -> None:
    models = MetaData(naming_convention=NAMING)
    for part in service.metadata:
        for table in part.tables.values():
            table.to_metadata(models)
    with any_bureau.store.writer.connect() as connection:
        options = {"version_table": "alembic_version_directory", "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, models) == []


def test_all_districts_are_there_and_told(any_bureau: Bureau) -> None:
    told = {event.data["code"]: event.data for event in any_bureau.published("district.changed")}
    assert len(told) == 134
    assert told["140105"]["path"] == "/140000/140100/140105/"
    assert (told["149900"]["level"], told["149900"]["parent_code"]) == ("province", "140000")
    assert not told["140171"]["selectable"]
    assert Counter(data["level"] for data in told.values())["prefecture"] == 11


def test_every_shipped_parent_comes_before_its_children() -> None:
    seen: set[str | None] = {None}
    for district in shipped_districts():
        assert district.parent_code in seen
        seen.add(district.code)


def test_the_administrator_must_change_the_one_time_password_first(bureau: Bureau) -> None:
    file = bureau.here.settings.data_dir / "first-admin"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    first = read_first_admin(file.parent)
    assert first["login"] == "admin"

    refused = bureau.sign_in("admin", first["password"])
    assert (refused.status_code, code(refused)) == (403, "password_change_required")
    changed = bureau.ask("", "PUT", "/password", {**first, "new_password": "a much longer one"})
    assert changed.status_code == 204
    session = bureau.sign_in("admin", "a much longer one").json()
    assert session["roles"] == ["platform_administrator"]
    assert session["organisation"]["kind"] == "platform"


def test_a_second_start_changes_nothing(bureau: Bureau) -> None:
    before = len(bureau.published())
    file = bureau.here.settings.data_dir / "first-admin"
    text = file.read_text()
    first_start(bureau.here)
    assert len(bureau.published()) == before
    assert file.read_text() == text


@pytest.mark.postgres
def test_many_processes_may_start_at_once(postgres_url: str, tmp_path: Path) -> None:
    url = postgres_url.replace("{service}", "directory")
    migrate("directory", service.metadata, service.migrations, url)

    def start(number: int) -> Running:
        settings = Settings(data_dir=tmp_path / "var", database_url=postgres_url)
        store = Store("directory", url, HandClock(MORNING))
        running = Running(service, settings, store, KeyRing(dict), "k" * 40)
        first_start(running)
        return running

    with ThreadPoolExecutor(4) as pool:
        running = list(pool.map(start, range(4)))
    with running[0].store.read() as look:
        counts = [
            look.session.scalar(select(func.count()).select_from(kind))
            for kind in (District, Person, SigningKey)
        ]
    assert counts == [134, 1, 2]
    for one in running:
        one.store.close()
