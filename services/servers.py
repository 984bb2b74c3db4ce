"""Whether the servers that a configuration names are there: broker, Redis, mail."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator

from redis import Redis, RedisError

from services.finding import CANNOT_CONNECT, Finding, error, first_line
from services.notify.providers.smtp import SmtpServer
from shared.broker import Broker
from shared.settings import Settings


def check_broker(settings: Settings) -> Iterator[Finding]:
    if settings.broker_url.startswith("inproc:"):
        return
    if not settings.broker_url.startswith(("amqp:", "amqps:", "redis:", "rediss:")):
        yield error("BROKER_URL", "须为 inproc:、amqp: 或 redis: (must be one of these)")
        return
    try:
        with Broker(settings.broker_url).connect() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0)
    except Exception as problem:  # each transport raises its own family
        yield error("BROKER_URL", f"{CANNOT_CONNECT}: {first_line(problem)}")


def check_redis(settings: Settings) -> Iterator[Finding]:
    if not settings.redis_url:
        return
    try:
        with Redis.from_url(settings.redis_url, socket_connect_timeout=3, socket_timeout=3) as redis:
            redis.ping()
    except (RedisError, ValueError, OSError) as problem:
        yield error("REDIS_URL", f"{CANNOT_CONNECT}: {first_line(problem)}")


def check_smtp(settings: Settings) -> Iterator[Finding]:
    if not settings.smtp_url:
        return
    try:
        server = SmtpServer.from_url(settings.smtp_url)
    except ValueError as problem:
        yield error("SMTP_URL", first_line(problem))
        return
    kind = smtplib.SMTP_SSL if server.implicit_tls else smtplib.SMTP
    try:
        with kind(server.host, server.port, timeout=5) as greeting:
            greeting.noop()
    except (OSError, smtplib.SMTPException) as problem:
        yield error("SMTP_URL", f"{CANNOT_CONNECT}: {first_line(problem)}")
