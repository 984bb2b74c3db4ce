"""A service account: how a program outside, for example a trade system, signs in."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, String, Uuid, false, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.directory.district import District
from services.directory.permissions import Verb, reaches
from services.directory.tables import Directory
from shared.database import UtcDateTime, new_id
from shared.errors import Conflict
from shared.events.directory import ServiceAccountChanged
from shared.people import Caller


class ServiceAccount(Directory):
    """Signs in with a random secret of 256 bits, of which a plain hash is enough.

    It reaches a district and all below it; accounts from before districts were asked for reach everywhere.
    """

    __tablename__ = "service_account"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    version: Mapped[int]
    name: Mapped[str] = mapped_column(String(100), unique=True)
    district_code: Mapped[str | None] = mapped_column(ForeignKey("district.code"))
    secret_hash: Mapped[str] = mapped_column(String(64))
    active: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    district: Mapped[District | None] = relationship(lazy="selectin", viewonly=True)

    @classmethod
    def visible_to(cls, caller: Caller) -> ColumnElement[bool]:
        return true() if reaches(caller, Verb.WRITE_SERVICE_ACCOUNTS) else false()

    def knows(self, secret: str) -> bool:
        return hmac.compare_digest(self.secret_hash, _hashed(secret))

    def changed(self) -> ServiceAccountChanged:
        """The whole state as others see it."""
        return ServiceAccountChanged(
            account_id=self.id,
            version=self.version,
            name=self.name,
            active=self.active,
            district_path=self.district.path if self.district else "",
        )

    def check_active(self) -> None:
        """Raises `Conflict` (`already_so`)."""
        if not self.active:
            raise Conflict("already_so", "服务账号已停用", "already inactive", facts={"active": False})

    def renew_secret(self) -> str:
        """Another secret, which is kept nowhere; the one before is over. Raises `Conflict` (`already_so`)."""
        self.check_active()
        secret = secrets.token_urlsafe(32)
        self.secret_hash = _hashed(secret)
        self.version += 1
        return secret

    def deactivate(self) -> None:
        """Raises `Conflict` (`already_so`)."""
        self.check_active()
        self.active = False
        self.version += 1


def new_service_account(name: str, district: District, at: datetime) -> tuple[ServiceAccount, str]:
    """The account and its secret, which is kept nowhere."""
    secret = secrets.token_urlsafe(32)
    account = ServiceAccount(
        id=new_id(),
        version=1,
        name=name,
        district_code=district.code,
        district=district,
        secret_hash=_hashed(secret),
        active=True,
        created_at=at,
    )
    return account, secret


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
