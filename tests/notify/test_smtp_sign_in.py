"""Passwords and certificates: a password never travels in the clear, and a wrong one is ours to repair."""

from __future__ import annotations

import ssl
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.notify.answer import Outcome
from services.notify.channels import Channel
from services.notify.letter import Letter
from services.notify.providers.mail import compose
from services.notify.providers.smtp import SmtpServer
from shared.database import new_id
from tests.lone import MORNING
from tests.notify.post_office import Replies, post_office

MAIL = compose(
    Letter(
        new_id(),
        Channel.EMAIL,
        "wang@example.org",
        "王芳",
        "标题",
        "内容",
        "http://localhost/cases/1",
        MORNING,
    ),
    "plans@example.org",
)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of its own authority for 127.0.0.1, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(MORNING - timedelta(days=3650))
        .not_valid_after(MORNING + timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


def test_signing_in_over_tls(certificate: Path, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    replies = Replies()
    with post_office(replies, tls) as address:
        right = SmtpServer.from_url(f"smtp://plans:right@{address}").send(MAIL)
        wrong = SmtpServer.from_url(f"smtp://plans:wrong@{address}").send(MAIL)
    assert right.outcome is Outcome.ACCEPTED
    assert (wrong.outcome, wrong.code) == (Outcome.CONFIG_ERROR, "535")
    assert replies.was_encrypted == [True]


def test_a_password_needs_a_certificate_that_holds(tls: ssl.SSLContext) -> None:
    replies = Replies()
    with post_office(replies, tls) as address:
        answer = SmtpServer.from_url(f"smtp://plans:right@{address}").send(MAIL)
    assert (answer.outcome, answer.code) == (Outcome.CONFIG_ERROR, "bad_certificate")
    assert replies.taken == []


def test_a_password_is_never_sent_in_the_clear() -> None:
    replies = Replies()
    with post_office(replies) as address:
        answer = SmtpServer.from_url(f"smtp://plans:right@{address}").send(MAIL)
    assert (answer.outcome, answer.code) == (Outcome.CONFIG_ERROR, "tls_required")
    assert replies.taken == []


def test_encryption_is_used_when_it_is_offered(tls: ssl.SSLContext) -> None:
    replies = Replies()
    with post_office(replies, tls) as address:
        answer = SmtpServer.from_url(f"smtp://{address}").send(MAIL)
    assert answer.outcome is Outcome.ACCEPTED
    assert replies.was_encrypted == [True]


@pytest.mark.parametrize(
    "url", ["http://mail", "smtp://", "mail.example.org", "smtp://host:port", "smtp://host?timeout=0"]
)
def test_an_address_that_is_none_is_said_so(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        SmtpServer.from_url(url)


def test_what_an_address_says() -> None:
    found = SmtpServer.from_url("smtps://plans%40example.org:p%3Aw@mail.example.org?timeout=3")
    assert found == SmtpServer("mail.example.org", 465, True, "plans@example.org", "p:w", 3.0)
