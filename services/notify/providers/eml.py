"""Mail that is kept instead of sent: `.eml` files that any mail program opens."""

from __future__ import annotations

import os
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

from services.notify.answer import Answer, Outcome


class EmlFolder:
    """Writes each mail to a file; a repeated mail replaces its own file, so there is never a second one."""

    provider = "eml"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, message: EmailMessage) -> Answer:
        """Keeps the mail. Raises OSError when the folder cannot be written."""
        self.folder.mkdir(parents=True, exist_ok=True)
        target = self.folder / _file_name(message)
        partial = target.with_suffix(".part")
        with partial.open("wb") as file:
            file.write(message.as_bytes())
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
        return Answer(Outcome.ACCEPTED, "kept", target.name)


def _file_name(message: EmailMessage) -> str:
    """By time and delivery, both from the mail itself."""
    moment = parsedate_to_datetime(message["Date"])
    return f"{moment:%Y%m%dT%H%M%SZ}-{message['Message-ID'].strip('<>').partition('@')[0]}.eml"
