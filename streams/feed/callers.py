"""Callers: who asks, what they were granted, and what that lets them read and do. A grant is a role at a place."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal, Protocol, Self

from fastapi import Depends
from starlette.requests import HTTPConnection

from schemas.alerts import Role
from schemas.envelope import System

AGENCY, OPERATOR, VILLAGE, SCREENING = "AGENCY", "OPERATOR", "VILLAGE", "SCREENING"
EVERYWHERE: Final = "*"
_NOT_A_FEED: Final = frozenset({AGENCY, OPERATOR, VILLAGE})
ROLES: Final = frozenset({role.value for role in Role} | _NOT_A_FEED)
AT_CHECKPOINTS: Final = (Role.SUPERVISOR.value, Role.COUNTER.value)
"""Roles whose place is a checkpoint, the one that sees more first."""

_COUNTER: Final = frozenset({"acknowledge", "secondary"})
_SUPERVISOR: Final = _COUNTER | {"take", "hand-over", "note", "outcome"}
_COORDINATOR: Final = _SUPERVISOR | {"silence", "snooze"}
_OTHERS: Final = frozenset({"acknowledge", "take", "note"})
COMMANDS: Final[Mapping[str, frozenset[str]]] = {
    **{role.value: _OTHERS for role in Role},
    Role.COUNTER.value: _COUNTER,
    Role.SUPERVISOR.value: _SUPERVISOR,
    Role.COORDINATOR.value: _COORDINATOR,
    OPERATOR: frozenset({"silence"}),
}
"""What each role may do with an alert that it sees (SOP B and C, domain 5.4)."""
_ALL_AREAS: Final = (*(one.value for one in (Role.COORDINATOR, Role.KP2MI, Role.BP3MI, Role.DISNAKER)), OPERATOR)
_AREA: Final = re.compile(r"[0-9]{4}|[0-9]{10}", re.ASCII)
"""Kemendagri code of a kabupaten or a desa; anything wider is no village's."""


class GrantError(ValueError):
    """The text is no grant; the message says what one looks like."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role at a place: a checkpoint, an office, a country, a system (AGENCY), an area's code (VILLAGE), or `*`."""

    role: str
    at: str = EVERYWHERE

    @classmethod
    def parse(cls, text: str) -> Self:
        """`SUPERVISOR:A-CGK`, `COORDINATOR`, `AGENCY:siskop2mi`. Raises GrantError: an unknown role grants nothing."""
        role, _, at = text.partition(":")
        if role not in ROLES:
            raise GrantError(f"{role[:40]!r} is no role: use one of {', '.join(sorted(ROLES))}")
        if role == AGENCY and at not in {system.value for system in System}:
            raise GrantError(f"AGENCY needs a system, such as AGENCY:siskop2mi, not {at[:40]!r}")
        return cls(role, at or EVERYWHERE)

    def __str__(self) -> str:
        return f"{self.role}:{self.at}"

    def covers(self, feed: str) -> bool:
        """Is this the grant of that feed? One at `*` for a checkpoint's role covers every checkpoint."""
        role, _, at = feed.partition(":")
        if self.role in _NOT_A_FEED:
            return False
        if role == SCREENING:
            return self.role in AT_CHECKPOINTS and self.at in {EVERYWHERE, at}
        return role == self.role and (self.at == at or (self.at == EVERYWHERE and role in AT_CHECKPOINTS))


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who was recognised. `name` is an officer's or a system's reference, never a person's number."""

    name: str
    kind: Literal["person", "system"]
    grants: frozenset[Grant]
    session: str | None = None
    """Of a person who signed in with a browser: what commands from pages are tied to."""

    def feeds(self) -> tuple[str, ...]:
        """The feeds that its grants name, in a stable order."""
        return tuple(sorted(str(grant) for grant in self.grants if grant.role not in _NOT_A_FEED))

    def may_read(self, feed: str) -> bool:
        """May it see what stands on that feed?"""
        return any(grant.covers(feed) for grant in self.grants)

    def best_feed(self, checkpoint: str) -> str | None:
        """The feed of a checkpoint that shows this caller most; None when it may see neither."""
        feeds = (f"{role}:{checkpoint}" for role in AT_CHECKPOINTS)
        return next((feed for feed in feeds if self.may_read(feed)), None)

    def may(self, command: str, view: Mapping[str, object], *, feed: str | None = None) -> bool:
        """May it do this with an alert? `feed`: the one on which the caller sees it; without it the alert's own place and
        recipients say where it stands.
        """
        feeds = (feed,) if feed is not None else _feeds(view)
        able = [grant for grant in self.grants if command in COMMANDS.get(grant.role, frozenset())]
        return any(grant.role == OPERATOR or any(map(grant.covers, feeds)) for grant in able)

    def has(self, role: str, at: str | None = None) -> bool:
        """Was this role granted, there or everywhere? `at` None: anywhere."""
        return any(grant.role == role and (at is None or grant.at in {EVERYWHERE, at}) for grant in self.grants)

    @property
    def areas(self) -> tuple[str, ...]:
        """What the codes of areas begin with whose counts it may see: everything for some roles, its own for a village."""
        if any(map(self.has, _ALL_AREAS)):
            return ("",)
        return tuple(sorted(grant.at for grant in self.grants if grant.role == VILLAGE and _AREA.fullmatch(grant.at)))

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that were granted, sorted, each once."""
        return tuple(sorted({grant.role for grant in self.grants}))


def _feeds(view: Mapping[str, object]) -> tuple[str, ...]:
    """Where an alert stands, as far as this view tells: at its checkpoint, and with those it names."""
    place, recipients = view.get("place"), view.get("recipients")
    feeds = [f"{role}:{place}" for role in AT_CHECKPOINTS]
    for one in recipients if isinstance(recipients, list | tuple) else ():
        if isinstance(one, Mapping):
            feeds.append(f"{one.get('role')}:{one.get('at')}")
    return tuple(feeds)


class Recognises(Protocol):
    """What the gateway keeps at `app.state.suar.access`."""

    async def recognise(self, connection: HTTPConnection) -> Caller:
        """The caller of a request or a WebSocket. Raises Problem 401 or 403."""
        ...

    async def still(self, connection: HTTPConnection) -> bool:
        """Would it be recognised now, by what it began with?"""
        ...


async def caller(connection: HTTPConnection) -> Caller:
    """Who asks: the dependency of every route that shows or changes anything. Raises Problem 401, or 403 without the
    token that a page's commands carry.
    """
    known: Caller | None = getattr(connection.state, "caller", None)
    if known is None:
        access: Recognises = connection.app.state.suar.access
        known = connection.state.caller = await access.recognise(connection)
    return known


Known = Annotated[Caller, Depends(caller)]
"""For signatures of routes: `async def route(who: Known)`."""
