"""Who a request says it is: person tokens (EdDSA, by directory), service tokens (HS256, feeds only)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
from structlog import get_logger

from shared.errors import Forbidden, Unauthorised, Unavailable

log = get_logger(__name__)
AUDIENCE = "procurement-plans"
PERSON_ISSUER = "directory"
SERVICE_ISSUER = "service"
ACCOUNT_KIND = "service"
"""The `kind` in the token of a service account; the token of a person has none."""
SERVICE_LIFETIME = timedelta(minutes=5)
LEEWAY = timedelta(seconds=30)


@dataclass(frozen=True)
class Claims:
    """What a valid person token says: the person, the organisation he acts for, and his epoch."""

    person_id: UUID
    organisation_id: UUID
    epoch: int


def refused(code: str = "token_invalid", text: str = "登录已失效，请重新登录") -> Unauthorised:
    return Unauthorised(code, text, "sign in again", headers={"WWW-Authenticate": "Bearer"})


class KeyRing:
    """Directory's public keys by key id; asks again, at most every 10 s, for an id it does not know."""

    def __init__(self, fetch: Callable[[], Mapping[str, Any]]) -> None:
        self._fetch = fetch
        self._keys: dict[str, Any] = {}
        self._asked = 0.0
        self._away = False
        self._lock = threading.Lock()

    def get(self, key_id: str) -> Any:
        """The key, or nothing when directory has none of this id. Raises `Unavailable` while directory
        cannot be asked: a token that nobody can check is not a wrong one."""
        if key_id not in self._keys:
            with self._lock:
                pause = 10 if self._keys and not self._away else 0.2
                if key_id not in self._keys and time.monotonic() - self._asked > pause:
                    self._asked = time.monotonic()
                    self._load()
                if key_id not in self._keys and self._away:
                    raise Unavailable(
                        "sign_in_unavailable",
                        "登录服务暂时无法访问，请稍后重试",
                        "the sign-in service cannot be reached; try again",
                        headers={"Retry-After": "2"},
                    )
        return self._keys.get(key_id)

    def _load(self) -> None:
        self._away = True
        try:
            fetched = self._fetch()
            found = jwt.PyJWKSet.from_dict(dict(fetched)).keys if fetched.get("keys") else []
        except Exception as error:
            log.warning("keys_away", error=repr(error)[:300])
        else:
            self._keys = {key.key_id or "": key.key for key in found}
            self._away = False


def read_person_token(token: str, keys: KeyRing, now: datetime) -> Claims:
    """The claims of a person token. Algorithm, issuer and audience are fixed; anything else is refused.

    Raises `Unauthorised` with `token_invalid` or `token_expired`.
    """
    claims = _read(token, keys, now)
    try:
        return Claims(UUID(claims["sub"]), UUID(claims["org"]), int(claims["epoch"]))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        raise refused() from None


def read_account_token(token: str, keys: KeyRing, now: datetime) -> UUID:
    """The service account of a token that directory gave to a program.

    Raises `Unauthorised` with `token_invalid` or `token_expired`, `Forbidden` for the token of a person.
    """
    claims = _read(token, keys, now)
    if claims.get("kind") != ACCOUNT_KIND:
        text = "仅限业务系统的服务账号调用"
        raise Forbidden("service_account_required", text, "for service accounts only")
    try:
        return UUID(claims["sub"])
    except (ValueError, TypeError, AttributeError):
        raise refused() from None


def _read(token: str, keys: KeyRing, now: datetime) -> dict[str, Any]:
    """The claims of a token that directory signed."""
    try:
        header = jwt.get_unverified_header(token)
        key = keys.get(str(header.get("kid", "")))
        if key is None:
            raise refused()
        return _decode(token, key, "EdDSA", PERSON_ISSUER, now)
    except jwt.ExpiredSignatureError:
        raise refused("token_expired", "登录已过期，请重新登录") from None
    except (jwt.PyJWTError, ValueError, KeyError, TypeError, AttributeError, OverflowError):
        raise refused() from None


def service_token(service: str, key: str, now: datetime) -> str:
    """A token with which one service reads another's feed."""
    claims = {
        "iss": SERVICE_ISSUER,
        "aud": AUDIENCE,
        "sub": service,
        "iat": now,
        "exp": now + SERVICE_LIFETIME,
    }
    return jwt.encode(claims, key, algorithm="HS256")


def read_service_token(token: str, key: str, now: datetime) -> str:
    """The name of the service that asks; raises `Unauthorised`."""
    try:
        return str(_decode(token, key, "HS256", SERVICE_ISSUER, now)["sub"])
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError, OverflowError):
        raise refused() from None


def _decode(token: str, key: Any, algorithm: str, issuer: str, now: datetime) -> dict[str, Any]:
    # The times are judged by our own clock (tests move it), everything else by the library.
    claims: dict[str, Any] = jwt.decode(
        token,
        key,
        algorithms=[algorithm],
        issuer=issuer,
        audience=AUDIENCE,
        options={
            "require": ["exp", "iat", "iss", "aud", "sub"],
            "verify_exp": False,
            "verify_iat": False,
            "verify_nbf": False,
        },
    )
    if now.timestamp() >= float(claims["exp"]):
        raise jwt.ExpiredSignatureError
    if float(claims["iat"]) > (now + LEEWAY).timestamp():
        raise jwt.ImmatureSignatureError
    return claims
