"""Programs outside, for example a trade system, that ask with the token of a service account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials

from shared.http import Once, bearer, once
from shared.tokens import read_account_token, refused

if TYPE_CHECKING:
    from shared.service import Running


@dataclass(frozen=True)
class Account:
    """A service account of directory. It belongs to no organisation: a route that takes one says what it may
    do, and where."""

    account_id: UUID

    @property
    def actor(self) -> str:
        return str(self.account_id)


def signed_in_account(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> Account:
    """The program that asks; raises `Unauthorised`, or `Forbidden` for a person."""
    here: Running = request.app.state.running
    if credentials is None:
        raise refused("not_signed_in", "请先登录")
    return Account(read_account_token(credentials.credentials, here.keys, here.store.clock.now()))


SignedInAccount = Annotated[Account, Depends(signed_in_account)]


def once_for_account(account: SignedInAccount, asked: Annotated[Once, Depends(once)]) -> Once:
    # the account, not the token: a renewed token must find the answer again
    asked.principal = account.actor
    return asked


DoOnceForAccount = Annotated[Once, Depends(once_for_account)]
