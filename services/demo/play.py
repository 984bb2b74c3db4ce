"""Plays the story on a running system and prints it as it happens: who did what, events, messages."""

from __future__ import annotations

import re
import secrets
import time
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import httpx
from rich.console import Console
from rich.markup import escape

from services.demo.client import Api, Person, Refused
from services.demo.imports import Everything
from services.demo.sample import Sample, build
from services.demo.story import Story
from shared.clock import Clock
from shared.settings import Settings, write_secret
from shared.tokens import service_token

WHY = {"stale": "（已办，不再发）", "no_address": "（没有邮箱）"}
"""Why a message was not sent, for people."""
FEEDS = ("plans", "approvals", "notify")


class Teller:
    """Prints the story; with the key between services also which events travelled after each act."""

    def __init__(self, api: Api, out: Console, key: str) -> None:
        self.api = api
        self.out = out
        self.key = key
        self.started = monotonic()
        self.seen: dict[str, int] = {}
        self.events()  # from now on

    def say(self, line: str) -> None:
        self.out.print(f"[dim]{monotonic() - self.started:5.2f}s[/] {escape(line)}")

    def events(self) -> None:
        """Prints the events since the last look."""
        if not self.key:
            return
        for service in FEEDS:
            token = service_token("demo", self.key, Clock().now())
            known = self.seen.get(service)
            page = self._page(service, token, known if known is not None else 0)
            if known is not None:
                for event in page["events"]:
                    self.out.print(f"        [cyan]{service}[/] [dim]#{event['position']}[/] {event['type']}")
            self.seen[service] = page["head"] if known is None else page["next"]

    def _page(self, service: str, token: str, after: int) -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        return self.api.call("GET", f"/api/{service}/events", params={"after": after}, headers=headers)


def administrator(api: Api, admin_file: Path) -> Person:
    """Signs in as the platform administrator; a one-time password is replaced, in the file too."""
    found = dict(re.findall(r"(?m)^(login|password): (.+)$", admin_file.read_text()))
    login, password = found["login"], found["password"]
    try:
        return api.sign_in(login, password)
    except Refused as refused:
        if refused.problem.get("code") != "password_change_required":
            raise
    fresh = secrets.token_urlsafe(15)
    # written first: a password that nobody knows must never come to be
    write_secret(admin_file, f"login: {login}\npassword: {fresh}\nprevious: {password}")
    api.call("PUT", "/api/directory/password", {"login": login, "password": password, "new_password": fresh})
    write_secret(admin_file, f"login: {login}\npassword: {fresh}")
    return api.sign_in(login, fresh)


def trade_system(api: Api, admin: Person, district: str) -> Person:
    """A program outside that reports what becomes of trades, with a service account of its own."""
    name = f"示例交易系统 {secrets.token_hex(3)}"
    account = admin.post("/api/directory/service-accounts", {"name": name, "district_code": district})
    known = {"id": account["id"], "secret": account["secret"]}
    token = api.call("POST", "/api/directory/service-accounts/token", known)["access_token"]
    return Person(api, name, account["id"], admin.organisation_id, token)


def play(url: str, admin_file: Path, out: Console, key: str, whole: bool = False) -> Sample:
    """Builds a district over HTTP and plays the story in it, or all chapters (`whole`).

    Raises `Refused`, `TimeoutError`, `OSError`.
    """
    with httpx.Client(base_url=url, trust_env=False, timeout=30) as http:
        api = Api(http, pause=lambda: time.sleep(0.02))
        year = Clock().today().year
        admin = administrator(api, admin_file)
        sample = build(api, admin, year)
        out.print(
            f"[bold]示例区划 {sample.district}：县财政局、卫生健康局、人民医院，{len(sample.people)} 人[/]"
        )
        teller = Teller(api, out, key)
        if whole:
            ends = Everything(sample, year, teller.say, teller.events).play_all(
                trade_system(api, admin, sample.district)
            )
            out.print(
                "各单据状态 (how each ends): " + "，".join(f"{of} {label}" for of, label in ends.items())
            )
        else:
            Story(sample, year, teller.say, teller.events).play()
        _print_messages(api, sample, out)
        teller.events()
        out.print(f"[bold green]故事完成 (story complete) in {monotonic() - teller.started:.2f} s[/]")
    return sample


def _print_messages(api: Api, sample: Sample, out: Console) -> None:
    out.print("[bold]发出的通知 (messages)[/]")
    api.wait(lambda: _usable_told(sample), "可使用的通知")
    for key in ("head", "leader", "supervisor", "handler"):
        person = sample.people[key]
        for message in reversed(person.get("/api/notify/messages", tab="all")["items"]):
            sent = person.get(f"/api/notify/messages/{message['id']}/deliveries")
            ways = "，".join(
                f"{way['channel']} {way['status_label']}{WHY.get(way['code'], '')}" for way in _items(sent)
            )
            out.print(f"  {person.name}  {escape(message['title'])}  [dim]{ways or '站内'}[/]")


def _items(answer: Any) -> list[Any]:
    found: list[Any] = answer["items"] if isinstance(answer, dict) else answer
    return found


def _usable_told(sample: Sample) -> bool | None:
    """Whether the applicant has been told, and every e-mail is on its way out."""
    messages = sample.handler.get("/api/notify/messages", tab="all")["items"]
    if not any("可使用" in message["title"] + message["body"] for message in messages):
        return None
    for message in messages:
        sent = sample.handler.get(f"/api/notify/messages/{message['id']}/deliveries")
        if any(way["state"] in ("queued", "sending") for way in _items(sent)):
            return None
    return True


def play_embedded(settings: Settings, ending: Event, out: Console, first_time: bool) -> None:
    """After the start of the embedded system: the story on an empty one, then what to try."""
    url = f"http://{settings.host}:{settings.port}"
    admin_file = settings.data_dir / "first-admin"
    if first_time:
        try:
            sample = play(url, admin_file, out, settings.key())
        except (Refused, TimeoutError, OSError, httpx.HTTPError) as error:
            if ending.is_set():
                return
            out.print(f"[red]故事中断 (the story broke off):[/] {escape(str(error))}")
        else:
            out.print(f"示例账号密码 (password of the sample people): [bold]{sample.password}[/]")
            out.print("示例账号 (logins): " + ", ".join(sample.logins.values()))
    mail = settings.data_dir / "mail"
    out.print(f"\n系统运行于 (running at) [bold]{url}[/]，按 Ctrl-C 结束")
    out.print(
        f"  接口文档 (API): {url}/api/plans/docs  /api/approvals/docs  /api/notify/docs  /api/directory/docs"
    )
    out.print(f"  平台管理员 (administrator): {admin_file}    邮件 (e-mails): {mail}")


def play_at(url: str, admin_file: Path, whole: bool = False) -> int:
    """`python -m services demo`: 0 when the story ended well."""
    out = Console(highlight=False, soft_wrap=True)
    settings = Settings()
    key = settings.service_key
    if not key and (kept := settings.data_dir / "service-key").exists():
        key = kept.read_text().strip()
    try:
        sample = play(url, admin_file, out, key, whole)
    except (Refused, TimeoutError, OSError, KeyError, httpx.HTTPError) as error:
        out.print(f"[red]演示失败 (demo failed):[/] {escape(str(error))}")
        return 1
    out.print(
        f"示例账号密码 (password): {sample.password}；账号 (logins): {', '.join(sample.logins.values())}"
    )
    return 0
