"""Letters as e-mails, the same at every try, so that a repeated one can be recognised."""

from __future__ import annotations

from dataclasses import dataclass
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, parseaddr
from typing import Annotated, Any, Literal, Protocol

from pydantic import Field

from services.notify.answer import Answer, Outcome, unsendable
from services.notify.letter import Letter
from services.notify.providers.eml import EmlFolder
from services.notify.providers.smtp import LONGEST_TIMEOUT, TIMEOUT, SmtpServer
from services.notify.texts import written, written_html
from shared.http import Body
from shared.service import Running


class OnOneLine(BaseHeader):
    """A header that is never folded: a long link would be encoded word by word, which no program follows."""

    max_count = 1
    parse = staticmethod(UnstructuredHeader.parse)

    def fold(self, *, policy: Policy[Any]) -> str:
        return f"{self.name}: {self}{policy.linesep}"


SHOWN = ("title", "body", "url", "unsubscribe_url")
HEADERS = HeaderRegistry()
HEADERS.map_to_type("list-unsubscribe", OnOneLine)
AS_MAIL = SMTP.clone(header_factory=HEADERS)


class BadSender(ValueError):
    """MAIL_FROM is no address: ours to repair, and no fault of the mail."""


class Carrier(Protocol):
    """Takes an e-mail somewhere; `provider` names it in the attempts."""

    @property
    def provider(self) -> str: ...

    def send(self, message: EmailMessage) -> Answer: ...


@dataclass(frozen=True)
class Mailing:
    """Sends letters as e-mails, from one address."""

    carrier: Carrier
    sender: str

    @property
    def provider(self) -> str:
        return self.carrier.provider

    def send(self, letter: Letter) -> Answer:
        try:
            message = compose(letter, self.sender)
        except BadSender as error:
            return Answer(Outcome.CONFIG_ERROR, "bad_sender", str(error))
        except ValueError as error:
            return unsendable("bad_address", str(error))
        try:
            return self.carrier.send(message)
        except OSError as error:
            return Answer(Outcome.CONFIG_ERROR, "not_writable", str(error))


class SmtpSettings(Body):
    """An SMTP server. `tls` encrypts from the start; `starttls` when the server offers it, and always before
    a password is sent."""

    host: Annotated[
        str, Field(min_length=1, max_length=253, pattern=r"^[\w.:-]+$", examples=["smtp.example.org"])
    ]
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    encryption: Literal["starttls", "tls"] = "starttls"
    user: Annotated[str, Field(max_length=200)] = ""
    mail_from: Annotated[str, Field(max_length=320, description="空则用 MAIL_FROM (empty: MAIL_FROM)")] = ""
    timeout: Annotated[float, Field(gt=0, le=LONGEST_TIMEOUT)] = TIMEOUT


class SmtpSecrets(Body):
    """The password of its user."""

    password: Annotated[str, Field(max_length=500)] = ""


def by_setting(_settings: object, _secrets: object, here: Running) -> Mailing:
    """By SMTP_URL, or into files when there is none. Raises ValueError for an address that is none."""
    settings = here.settings
    carrier: Carrier = EmlFolder(settings.data_dir / "mail")
    if settings.smtp_url:
        carrier = SmtpServer.from_url(settings.smtp_url)
    return Mailing(carrier, settings.mail_from)


def by_row(settings: SmtpSettings, secrets: SmtpSecrets, here: Running) -> Mailing:
    """By an SMTP server that an administrator has entered."""
    server = SmtpServer(
        settings.host,
        settings.port,
        settings.encryption == "tls",
        settings.user,
        secrets.password,
        settings.timeout,
    )
    return Mailing(server, settings.mail_from or here.settings.mail_from)


def compose(letter: Letter, sender: str) -> EmailMessage:
    """The e-mail, as text and HTML. Raises ValueError for an address that is none, `BadSender` for ours.

    The Message-ID is that of the delivery: a second copy after a lost answer is the same message.
    """
    context: dict[str, Any] = {name: getattr(letter, name) for name in SHOWN}
    context["decisions"] = [one._asdict() for one in letter.decisions]
    text = written("mail", letter.locale, context)
    from_ = _sender(sender)
    message = EmailMessage(policy=AS_MAIL)
    message["From"] = from_
    message["To"] = _address(letter.name, letter.to)
    message["Subject"] = text.title
    message["Date"] = format_datetime(letter.composed_at)
    message["Message-ID"] = f"<{letter.delivery_id}@{from_.domain or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"
    if letter.unsubscribe_url:
        message["List-Unsubscribe"] = f"<{letter.unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(text.body)
    message.add_alternative(written_html("mail", letter.locale, context), subtype="html")
    return message


def _sender(sender: str) -> Address:
    name, address = parseaddr(sender)
    try:
        return _address(name or "采购计划", address)
    except ValueError as error:
        raise BadSender(f"MAIL_FROM: {error}") from None


def _address(name: str, address: str) -> Address:
    if address.count("@") != 1 or not all(address.split("@")) or any(c.isspace() for c in address):
        raise ValueError("not an e-mail address")
    try:
        return Address(display_name=" ".join(name.split()), addr_spec=address)
    except Exception as error:  # the parser of the library raises several kinds, IndexError among them
        raise ValueError("not an e-mail address") from error
