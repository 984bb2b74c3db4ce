"""Says what is wrong with a configuration, one line each: servers, migrations, keys, clock, disk."""

from __future__ import annotations

import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from alembic.script import ScriptDirectory
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy import func, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError

from services.directory.calendar_year import CalendarYear
from services.directory.person import Person
from services.finding import CANNOT_CONNECT, Finding, error, first_line, warning
from services.notify.delivery import Delivery, State
from services.notify.queries import code_counts
from services.runtime import NAMES, find_service
from services.servers import check_broker, check_redis, check_smtp
from shared import parked
from shared.calendar import Calendar
from shared.clock import Clock
from shared.database import migration_config
from shared.settings import Settings
from shared.store import Look, Store
from shared.tokens import service_token
from shared.working_days import calendar_from

LEAST_KEY = 32
MAX_SKEW = 5.0
MOST_CODES = 5
LITTLE_SPACE, NO_SPACE = 1 << 30, 100 << 20
"""Bytes in DATA_DIR below which there is a warning, and below which nothing can be kept."""
Check = Callable[[Settings], Iterable[Finding]]


def check_key(settings: Settings) -> Iterator[Finding]:
    """Outside embedded a key of its own, long enough to be no guess."""
    key = settings.service_key
    if len(key) < LEAST_KEY and not (settings.embedded and not key):
        said = f"须至少 {LEAST_KEY} 个字符，现为 {len(key)} 个 (needs {LEAST_KEY} characters, has {len(key)})"
        yield error("SERVICE_KEY", said)
    elif key.startswith("change"):
        yield error("SERVICE_KEY", "仍为公开的示例值 (still the published example)")


def check_wiring(settings: Settings) -> Iterator[Finding]:
    """What is right within one process only; and each service needs a database of its own."""
    if settings.database_url and "{service}" not in settings.database_url:
        yield error("DATABASE_URL", "须包含 {service} (needs {service} in it)")
    if settings.embedded:
        return
    if settings.broker_url.startswith("inproc:"):
        yield warning("BROKER_URL", "inproc 只在一个进程内有效 (works within one process only)")
    if not settings.feed_url:
        yield warning("FEED_URL", "未设置：只适合单进程 (empty: right for one process only)")
    if not settings.redis_url:
        yield warning("REDIS_URL", "未设置：即时推送只在一个进程内 (empty: live push within one process)")


def check_databases(settings: Settings) -> Iterator[Finding]:
    """Each service's database: reachable, at the head of its migrations, on time, nothing parked."""
    for name in NAMES:
        about = f"{name} 数据库 (database)"
        if not settings.database_url and not (settings.data_dir / f"{name}.db").exists():
            yield Finding("hint", about, "尚未建立，首次启动时建立 (not made yet; the first start makes it)")
            continue
        try:
            store = Store(name, settings.database_url_of(name), Clock())
        except (SQLAlchemyError, ImportError, ValueError) as problem:
            yield error(about, f"地址无法识别 (unreadable URL): {first_line(problem)}")
            continue
        try:
            yield from check_database(store, about)
        except SQLAlchemyError as problem:
            yield error(about, f"{CANNOT_CONNECT}: {first_line(problem)}")
        finally:
            store.close()


def check_database(store: Store, about: str) -> Iterator[Finding]:
    """One database. Raises `SQLAlchemyError` when it cannot be reached."""
    with store.read() as look:
        yield from check_clock(look, store, about)
        if behind := _missing_version(look, store):
            yield error(about, f"{behind}，请运行 (run) python -m services migrate")
            return
    found = Counter(item.kind for item in parked.parked(store))
    if found:
        kinds = "，".join(f"{kind} {number}" for kind, number in sorted(found.items()))
        yield warning(about, f"有暂停的项目 (parked): {kinds}；见 python -m services parked")
    if store.service == "notify":
        yield from check_dead_list(store)
    if store.service == "directory":
        yield from check_first_admin(store)
        yield from check_calendar(store)


def check_dead_list(store: Store) -> Iterator[Finding]:
    """Deliveries that failed for good wait for an operator, too."""
    with store.read() as look:
        failed = code_counts(look, Delivery.state == State.FAILED)
    if failed:
        codes = "，".join(f"{one.channel} {one.code} {one.number}" for one in failed[:MOST_CODES])
        said = f"有发送失败的消息 (deliveries failed): {codes}；见 python -m services failed"
        yield warning("发送失败清单 (dead list)", said)


def check_clock(look: Look, store: Store, about: str) -> Iterator[Finding]:
    """Whether the server's clock agrees with ours."""
    if store.is_sqlite:
        return
    started = time.monotonic()
    theirs = look.execute(text("SELECT clock_timestamp()")).scalar_one().astimezone(UTC)
    skew = (store.clock.now() - theirs).total_seconds()
    if abs(skew) - (time.monotonic() - started) > MAX_SKEW:
        yield error(about, f"时钟相差 {skew:.0f} 秒 (clocks differ by {skew:.0f} s)")


def _missing_version(look: Look, store: Store) -> str:
    """What the database lacks of its migrations, or nothing."""
    service = find_service(store.service)
    connection = look.session.connection()
    config = migration_config(service.name, service.metadata, service.migrations, connection)
    heads = set(ScriptDirectory.from_config(config).get_heads())
    table = f"alembic_version_{service.name}"
    if not inspect(connection).has_table(table):
        return "是空的 (no tables yet)"
    have = set(look.execute(text(f"SELECT version_num FROM {table}")).scalars())
    if have == heads:
        return ""
    return f"版本为 {', '.join(sorted(have)) or '无'}，应为 {', '.join(sorted(heads))} (not migrated)"


def check_first_admin(store: Store) -> Iterator[Finding]:
    """The one-time password of the first start should not stay the last one."""
    with store.read() as look:
        waiting = look.session.scalar(
            select(func.count()).where(Person.login == "admin", Person.password_temporary)
        )
    if waiting:
        said = "仍为一次性密码，登录后请修改 (still the one-time password: sign in and change it)"
        yield Finding("hint", "admin", said)


def check_feeds(settings: Settings) -> Iterator[Finding]:
    """Each service's feed answers, and takes our key."""
    if not settings.feed_url:
        return
    headers = {}
    if len(settings.service_key) >= LEAST_KEY:
        token = service_token("doctor", settings.service_key, Clock().now())
        headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(trust_env=False, timeout=5, headers=headers) as client:
        for name in NAMES:
            url = f"{settings.feed_url.replace('{service}', name)}/api/{name}/events"
            try:
                status = client.get(url, params={"limit": 1}).status_code
            except (httpx.HTTPError, httpx.InvalidURL) as problem:
                yield error("FEED_URL", f"{name} {CANNOT_CONNECT}: {first_line(problem)}")
                continue
            if status == 401 and headers:
                yield error("SERVICE_KEY", f"{name} 使用另一个密钥 (uses another key)")
            elif status != 200:
                yield error("FEED_URL", f"{name} 应答 {status} (answers {status})")


def check_calendar(store: Store) -> Iterator[Finding]:
    """The working days reach to the end of this year and the next, as published or as entered."""
    with store.read() as look:
        calendar = calendar_from(look.all(select(CalendarYear)))
        today = look.today
    for year in years_without_calendar(calendar, today):
        said = "尚无工作日历，法定期限无法计算 (no calendar: statutory periods cannot be counted)"
        yield warning(f"{year} 年", said)


def years_without_calendar(calendar: Calendar, today: date) -> list[int]:
    """Of this year and the next, those whose working days are not known."""
    return [year for year in (today.year, today.year + 1) if not calendar.covers(year)]


def check_disk(settings: Settings) -> Iterator[Finding]:
    """DATA_DIR, or where it would be made, can be written and has room."""
    place = settings.data_dir.absolute()
    while not place.exists():
        place = place.parent
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        yield error("DATA_DIR", f"{place} 不可写 (not writable)")
        return
    free = shutil.disk_usage(place).free
    said = f"仅剩 {free >> 20} MiB (little space left)"
    if free < LITTLE_SPACE:
        yield error("DATA_DIR", said) if free < NO_SPACE else warning("DATA_DIR", said)


CHECKS: tuple[Check, ...] = (
    check_key,
    check_wiring,
    check_databases,
    check_broker,
    check_redis,
    check_smtp,
    check_feeds,
    check_disk,
)


def shown_value(name: str, value: object) -> str:
    """A setting without its secrets."""
    said = str(value)
    if name == "service_key":
        return f"（{len(said)} 个字符 characters）" if said else "（无 none）"
    if isinstance(value, Path) or "://" not in said:
        return said or "（无 none）"
    try:
        password = urlsplit(said).password
    except ValueError:
        return "（无法识别 unreadable）"
    return said.replace(f":{password}@", ":***@") if password else said


def examine(settings: Settings) -> int:
    """Prints the settings and every finding; 1 when there is an error, else 0."""
    out = Console(highlight=False, soft_wrap=True)
    table = Table("设置 (setting)", "值 (value)", box=None)
    for name, value in settings:
        table.add_row(name.upper(), escape(shown_value(name, value)))
    out.print(table)
    found = [finding for check in CHECKS for finding in check(settings)]
    colours = {"error": "red", "warning": "yellow", "hint": "cyan"}
    words = {"error": "错误 error", "warning": "警告 warning", "hint": "提示 hint"}
    for one in found:
        out.print(f"[{colours[one.level]}]{words[one.level]}[/]  {escape(one.about)}: {escape(one.text)}")
    errors = sum(one.level == "error" for one in found)
    out.print(f"[red]{errors} 处错误 (errors)[/]" if errors else "[green]没有错误 (no errors)[/]")
    return 1 if errors else 0
