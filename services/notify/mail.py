"""A message as an e-mail, the same at every try, so that a repeated one can be recognised."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from uuid import UUID

from services.notify.texts import CHINESE, written, written_html


@dataclass(frozen=True)
class Mail:
    """What goes out: ids and times are those of the delivery, whatever try this is."""

    delivery_id: UUID
    to: str
    name: str
    title: str
    body: str
    url: str
    composed_at: datetime


class BadSender(ValueError):
    """MAIL_FROM is no address: ours to repair, and no fault of the mail."""


def compose(mail: Mail, sender: str) -> EmailMessage:
    """The e-mail, as text and HTML. Raises ValueError for an address that is none, `BadSender` for ours.

    The Message-ID is that of the delivery: a second copy after a lost answer is the same message.
    """
    context = {"title": mail.title, "body": mail.body, "url": mail.url}
    text = written("mail", CHINESE, context)
    from_ = _sender(sender)
    message = EmailMessage(policy=SMTP)
    message["From"] = from_
    message["To"] = _address(mail.name, mail.to)
    message["Subject"] = text.title
    message["Date"] = format_datetime(mail.composed_at)
    message["Message-ID"] = f"<{mail.delivery_id}@{from_.domain or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text.body)
    message.add_alternative(written_html("mail", CHINESE, context), subtype="html")
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
