"""Sessions of people with a browser: a signed cookie that ends when idle, when the day is over, or at sign-out."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Self

import jwt

from streams.feed.callers import Caller, Grant, GrantError

IDLE: Final = timedelta(minutes=30)
ABSOLUTE: Final = timedelta(hours=10)
"""A shift and its hand-over."""
RENEWED_AFTER: Final = timedelta(minutes=1)
"""A cookie younger than this is not written again."""
ALGORITHM: Final = "HS256"
_PURPOSE: Final = "suar-session"


@dataclass(frozen=True, slots=True)
class Session:
    """Who signed in, and when; times in UTC, whole seconds."""

    name: str
    grants: tuple[str, ...]
    sid: str
    began: datetime
    seen: datetime

    @classmethod
    def begin(cls, name: str, grants: Iterable[Grant], now: datetime) -> Self:
        """A new session with a name of its own: nothing of an earlier one goes on (no fixation)."""
        moment = now.replace(microsecond=0)
        return cls(name, tuple(sorted(map(str, grants))), secrets.token_urlsafe(16), moment, moment)

    @property
    def ends(self) -> datetime:
        """Idle or absolute, whichever comes first."""
        return min(self.seen + IDLE, self.began + ABSOLUTE)

    def renewed(self, now: datetime) -> Self | None:
        """The session as just seen; None when what the browser holds is young enough."""
        return replace(self, seen=now.replace(microsecond=0)) if now - self.seen >= RENEWED_AFTER else None

    @property
    def caller(self) -> Caller:
        """The person."""
        return Caller(self.name, "person", frozenset(map(Grant.parse, self.grants)), self.sid)


class Sessions:
    """Signs and reads session cookies. The same key on every copy of the gateway."""

    def __init__(self, key: bytes) -> None:
        self._key = hashlib.sha256(b"session|" + key).digest()
        self._csrf = hashlib.sha256(b"csrf|" + key).digest()

    def sealed(self, session: Session) -> str:
        """The text of a cookie."""
        return self.sign(
            {
                "purpose": _PURPOSE,
                "sub": session.name,
                "grants": list(session.grants),
                "sid": session.sid,
                "began": int(session.began.timestamp()),
                "seen": int(session.seen.timestamp()),
            },
            session.ends,
        )

    def opened(self, text: str, now: datetime) -> Session | None:
        """The session of a cookie; None when it was forged, is over, or grants what no longer exists."""
        claims = self.verified(text, _PURPOSE, now)
        if claims is None:
            return None
        try:
            began, seen = (datetime.fromtimestamp(int(str(claims[name])), UTC) for name in ("began", "seen"))
            grants = claims["grants"]
            session = Session(str(claims["sub"]), tuple(map(str, _listed(grants))), str(claims["sid"]), began, seen)
            _ = session.caller
        except (KeyError, ValueError, GrantError):
            return None
        return session if now < session.ends else None

    def token(self, sid: str) -> str:
        """The token that a page's commands carry: it belongs to this session and cannot be made without the key."""
        return hmac.new(self._csrf, sid.encode(), hashlib.sha256).hexdigest()

    def is_token(self, sid: str, given: str) -> bool:
        """Is this the session's token? Compared in constant time."""
        return hmac.compare_digest(self.token(sid).encode(), given.encode())

    def sign(self, claims: dict[str, object], until: datetime) -> str:
        """Claims as signed text that holds until then."""
        return jwt.encode({**claims, "exp": int(until.timestamp())}, self._key, ALGORITHM)

    def verified(self, text: str, purpose: str, now: datetime) -> dict[str, object] | None:
        """The claims of signed text; None when forged, over, or signed for another purpose."""
        try:
            claims: dict[str, object] = jwt.decode(
                text, self._key, [ALGORITHM], options={"require": ["exp"], "verify_exp": False}
            )
        except jwt.InvalidTokenError:
            return None
        over = not isinstance(claims["exp"], int) or claims["exp"] <= now.timestamp()
        return None if over or claims.get("purpose") != purpose else claims


def _listed(value: object) -> list[object]:
    if not isinstance(value, list):
        raise ValueError("not a list")  # noqa: TRY004 - read like every other forged claim
    return value
