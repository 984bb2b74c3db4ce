"""The wiring of the directory."""

from pathlib import Path

from services.directory.api import (
    accounts,
    appointments,
    calendar,
    districts,
    imports,
    me,
    organisations,
    people,
    permissions,
    service_accounts,
    session,
)
from services.directory.callers import find_caller
from services.directory.first_start import first_start
from services.directory.jobs import jobs
from services.directory.password import set_strength
from services.directory.tables import Directory
from shared.service import Service

NOUNS = (
    session,
    me,
    people,
    accounts,
    appointments,
    organisations,
    districts,
    calendar,
    imports,
    service_accounts,
    permissions,
)

service = Service(
    name="directory",
    title="目录服务：区划、单位、人员与登录 (directory)",
    routers=[noun.router for noun in NOUNS],
    tables=[Directory.metadata],
    migrations=Path(__file__).parent / "migrations",
    jobs=jobs,
    find_caller=find_caller,
    first_start=first_start,
    on_start=lambda here: set_strength(here.settings.password_memory_kib),
)
