"""Every setting, with the embedded default for each; nothing is read from the environment at import."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.database import sqlite_url

PASSWORD_MEMORY_KIB = 19 * 1024
"""With two passes, what OWASP's password storage sheet recommends for argon2id."""


class Settings(BaseSettings):
    """How this process runs. URLs may hold `{service}`, which becomes the name of the service."""

    model_config = SettingsConfigDict(env_file=None, extra="ignore")

    data_dir: Path = Field(Path("var"), description="databases (SQLite), files, mail, generated secrets")
    host: str = Field("127.0.0.1", description="address the web server binds")
    port: int = Field(8000, ge=0, le=65535, description="port of the web server")
    health_port: int = Field(9000, ge=0, le=65535, description="port of /health in worker, jobs and beat")
    database_url: str = Field("", description="for example postgresql+psycopg://…/{service}; empty: SQLite")
    broker_url: str = Field("inproc://localhost", description="inproc://localhost, amqp://… or redis://…")
    broker_prefix: str = Field("", description="put before exchange and queue names")
    redis_url: str = Field("", description="live push over several processes; empty: in process")
    feed_url: str = Field("", description="for example http://{service}-web:8000; empty: in process")
    service_key: str = Field("", description="key of the tokens between services, 32 characters or more")
    smtp_url: str = Field("", description="smtp://user:password@host:port; empty: mail is kept as .eml")
    mail_from: str = Field("procurement-plans@localhost", description="sender of e-mails")
    private_networks: str = Field(
        "", description="networks that webhooks and robots may reach although not public: 10.0.0.0/8, …"
    )
    password_memory_kib: int = Field(
        PASSWORD_MEMORY_KIB, ge=1024, le=1024**2, description="memory that hashing a password takes, in KiB"
    )
    sandbox_receivers: str = Field(
        "", description="trials: nobody else is written to; *@test.example.org, 13800138000, robot:name"
    )
    public_url: str = Field("", description="where people reach the system; empty: the address it binds")
    log_format: Literal["console", "json"] = "console"
    log_level: str = "WARNING"
    story: bool = Field(True, description="embedded: play the story once on an empty data directory")

    @property
    def embedded(self) -> bool:
        """One process with everything in it."""
        return not self.database_url and self.broker_url.startswith("inproc:")

    def database_url_of(self, service: str) -> str:
        if self.database_url:
            return self.database_url.replace("{service}", service)
        return sqlite_url(self.data_dir, service)

    def own_url(self) -> str:
        return self.public_url or f"http://{self.host}:{self.port}"

    def key(self) -> str:
        """The key between services; embedded makes one and keeps it in DATA_DIR."""
        if self.service_key:
            return self.service_key
        kept = self.data_dir / "service-key"
        if not kept.exists():
            write_secret(kept, secrets.token_urlsafe(48))
        return kept.read_text().strip()


def write_secret(path: Path, text: str) -> None:
    """Writes a file that only its owner may read."""
    path.touch(mode=0o600)
    path.write_text(text + "\n")
