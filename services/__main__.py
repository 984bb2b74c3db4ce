"""The command line: `python -m services …`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from services import operate, processes
from services.runtime import NAMES
from shared.settings import Settings

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="政府采购计划 (procurement plans for public bodies)",
)
Names = Annotated[
    list[str] | None, typer.Option("--service", help=f"one of {', '.join(NAMES)}; all by default")
]


def settings() -> Settings:
    """The effective settings; a wrong one is one clear line."""
    try:
        return Settings()
    except ValidationError as error:
        for item in error.errors():
            name = "_".join(str(part) for part in item["loc"]).upper()
            typer.echo(f"设置错误 (wrong setting) {name}: {item['msg']}", err=True)
        raise typer.Exit(2) from None


def chosen(names: list[str] | None) -> list[str]:
    """The services asked for, all by default."""
    for name in names or ():
        if name not in NAMES:
            typer.echo(f"没有服务 (no such service) {name}; 可选: {', '.join(NAMES)}", err=True)
            raise typer.Exit(2)
    return names or list(NAMES)


@app.command()
def up() -> None:
    """Everything in one process: web and workers, SQLite by default; plays the story on its first start."""
    raise typer.Exit(processes.up(settings()))


@app.command()
def web(
    service: Names = None,
    host: Annotated[str, typer.Option(help="address to bind")] = "",
    port: Annotated[int, typer.Option(help="port to bind")] = -1,
) -> None:
    """The HTTP side of one or more services, with the relays of what they write."""
    found = settings()
    changed = {"host": host or found.host, "port": found.port if port < 0 else port}
    raise typer.Exit(processes.web(found.model_copy(update=changed), chosen(service)))


@app.command()
def worker(service: Names = None) -> None:
    """Receives and handles events for one or more services."""
    raise typer.Exit(processes.worker(settings(), chosen(service)))


@app.command()
def jobs(concurrency: Annotated[int, typer.Option(min=1, max=64)] = 2) -> None:
    """Celery's worker processes: e-mail and other work done later, for all services."""
    raise typer.Exit(processes.jobs(settings(), concurrency))


@app.command()
def beat() -> None:
    """Sends the ticks; a second one is harmless."""
    raise typer.Exit(processes.beat(settings()))


@app.command()
def migrate() -> None:
    """Brings every database to the newest version and loads the reference data; safe to repeat."""
    raise typer.Exit(processes.migrate(settings()))


@app.command()
def demo(
    url: Annotated[str, typer.Option(help="where the system runs")] = "http://127.0.0.1:8000",
    admin_file: Annotated[
        Path, typer.Option(help="file with the platform administrator's login and password")
    ] = Path("var/first-admin"),
    whole: Annotated[bool, typer.Option("--all", help="every chapter, not the main story only")] = False,
) -> None:
    """Builds a district of its own over HTTP on any running system and plays the story there."""
    from services.demo.play import play_at

    raise typer.Exit(play_at(url, admin_file, whole))


@app.command()
def doctor() -> None:
    """Says what is wrong with a configuration: URLs, migrations, keys, clock, calendar, disk."""
    from services.doctor import examine

    raise typer.Exit(examine(settings()))


@app.command()
def parked(service: Names = None) -> None:
    """Lists events and jobs that failed for good and wait for an operator."""
    raise typer.Exit(operate.list_parked(settings(), chosen(service)))


Which = Annotated[str, typer.Argument(help="the service that parked it")]
Key = Annotated[str, typer.Argument(help="its key in `parked`, for example plans:17")]


@app.command()
def replay(service: Which, key: Key) -> None:
    """Tries a parked event or job again."""
    raise typer.Exit(operate.replay(settings(), chosen([service])[0], key))


@app.command()
def skip(service: Which, key: Key) -> None:
    """Gives up a parked event, so that later events of its subject go on, or a job, or unreadable bytes."""
    raise typer.Exit(operate.skip(settings(), chosen([service])[0], key))


Where = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NAME=VALUE]…",
        help="channel, code, kind, person_id, provider_id, since, until, answer_lost=true",
    ),
]


@app.command()
def failed(where: Where = None) -> None:
    """Counts deliveries that failed for good: failed channel=email since=2026-11-20T00:00+08:00"""
    raise typer.Exit(operate.list_failed(settings(), where or []))


@app.command()
def resend(where: Where = None) -> None:
    """Sends failed deliveries again, the oldest first (limit=500): resend channel=sms code=timeout"""
    raise typer.Exit(operate.resend_failed(settings(), where or []))


admin = typer.Typer(no_args_is_help=True, help="账号 (accounts): the way back in, on the host")
app.add_typer(admin, name="admin")
Login = Annotated[str, typer.Argument(help="login of the account, for example admin")]


@admin.command("reset-password")
def admin_reset_password(login: Login) -> None:
    """Prints a new one-time password; ends sessions, lifts locks."""
    from services import admin as accounts

    raise typer.Exit(accounts.reset_password(settings(), login))


@admin.command("unlock")
def admin_unlock(login: Login) -> None:
    """Lets a login in again after too many wrong passwords; the password stays."""
    from services import admin as accounts

    raise typer.Exit(accounts.unlock_login(settings(), login))


audit = typer.Typer(no_args_is_help=True, help="审核证据 (evidence of approvals): export and check")
app.add_typer(audit, name="audit")


@audit.command("export")
def audit_export(
    case: Annotated[str, typer.Argument(help="id of the case, or application number of its document")],
    output: Annotated[Path | None, typer.Option(help="file to write; case-<id>.json by default")] = None,
) -> None:
    """Writes the evidence of one case into a file."""
    from services import audit as evidence

    raise typer.Exit(evidence.export(settings(), case, output or Path(f"case-{Path(case).name}.json")))


@audit.command("verify")
def audit_verify(
    files: Annotated[list[Path] | None, typer.Argument(help="exported evidence files")] = None,
    database: Annotated[bool, typer.Option("--database", help="check the tables instead")] = False,
) -> None:
    """Says whether evidence is whole, else names the first broken link and ends with 1; needs no database
    for files."""
    from services import audit as evidence

    if not files and not database:
        typer.echo("请给出证据文件，或使用 --database (name files, or say --database)", err=True)
        raise typer.Exit(2)
    broken = evidence.verify_files(files or []) | (evidence.verify_database(settings()) if database else 0)
    raise typer.Exit(broken)


if __name__ == "__main__":
    app()
