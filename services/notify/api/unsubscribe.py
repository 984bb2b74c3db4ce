"""The page behind the link in optional mail; no sign-in, the link itself is the key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse

from services.notify.channels import CHANNEL_LABELS
from services.notify.kinds import Kind
from services.notify.texts import CHINESE, written_html
from services.notify.unsubscribe import TOKEN_LENGTH, Subscription, kinds_of, read_signed, unsubscribe
from shared.http import Here

router = APIRouter(prefix="/unsubscribe", tags=["preferences"])
Token = Annotated[str, Path(max_length=TOKEN_LENGTH)]
AS_PAGE = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@router.get(
    "/{token}",
    operation_id="show_unsubscribe",
    summary="退订页面 (asks before it unsubscribes; no sign-in)",
    response_class=HTMLResponse,
)
def show_unsubscribe(here: Here, token: Token) -> HTMLResponse:
    """Looking at the link changes nothing: mail scanners do that, too."""
    about = read_signed(token, here.key)
    with here.store.read() as look:
        kinds = kinds_of(look, about)
    return _page(about, kinds, done=False)


@router.post(
    "/{token}",
    operation_id="unsubscribe",
    summary="退订 (one click, RFC 8058; no sign-in)",
    response_class=HTMLResponse,
)
def unsubscribe_now(here: Here, token: Token) -> HTMLResponse:
    """Switches a kind of message off on that channel for its receiver, or those that a letter of collected
    messages lists; doing it again changes nothing. What is mandatory stays. 404 `no_such_link` for a link
    that is not ours."""
    about = read_signed(token, here.key)
    with here.store.work(actor=str(about.person_id)) as work:
        kinds = unsubscribe(work, about)
    return _page(about, kinds, done=True)


def _page(about: Subscription, kinds: Sequence[Kind], done: bool) -> HTMLResponse:
    named = kinds or [about.kind]
    context = {
        "label": "”、“".join(kind.label for kind in named),
        "label_en": '", "'.join(kind.label_en for kind in named),
        "channel": CHANNEL_LABELS[about.channel],
        "optional": bool(kinds),
        "done": done,
    }
    return HTMLResponse(written_html("unsubscribe", CHINESE, context), headers=AS_PAGE)
