"""Words of paging: who is on call and how to reach them, which alerts call whom, what mutes a page, and what was paged."""

import re
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, NaiveDatetime, StringConstraints, TypeAdapter, model_validator

from schemas.alerts import OPEN_STATES, Role, Severity, State, Text
from schemas.envelope import Checkpoint, Contract, Instant

MAX_SILENCE = timedelta(days=7)
"""A silence ends by itself; what must stay quiet for longer is a matter of policy."""
_NUMBER = re.compile(r"(?:\d[ .-]?){7,}")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is no IANA time zone, such as Asia/Jakarta") from None
    return name


Name = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
"""Of a rota, a duty post or a channel. Posts, never persons: it stands in records and metrics."""
Zone = Annotated[str, AfterValidator(_zone)]


class ChannelKind(StrEnum):
    """How a page leaves."""

    APPRISE = "apprise"
    """Mail, chat and SMS gateways, by the URL that apprise understands."""
    WEBHOOK = "webhook"
    """Signed JSON to a system of ours or of a partner."""
    ALERTMANAGER = "alertmanager"
    """POST /api/v2/alerts, as Prometheus itself does."""


class Language(StrEnum):
    """Of a page's sentences."""

    ID = "id"
    EN = "en"


class Channel(Contract):
    """A way to reach a post. Its address and secret are in the environment, never here."""

    name: Name
    kind: ChannelKind
    language: Language = Language.ID


class Post(Contract):
    """Somebody on duty, by the name of the duty, and the channels that reach them."""

    name: Name
    channels: Annotated[tuple[Name, ...], Field(min_length=1)]


class Turns(Contract):
    """Posts that take turns. Times are of the rota's zone: a hand-over stays at 08:00 when clocks change."""

    posts: Annotated[tuple[Name, ...], Field(min_length=1)]
    begins: date
    """The day of the first post's first hand-over."""
    hand_over: time
    every_days: Annotated[int, Field(ge=1, le=31)] = 7
    hours: tuple[time, time] | None = None
    """On duty from the first until the second, past midnight when it is not later; None: round the clock."""


class Swap(Contract):
    """One post stands in for another for a while; times are of the rota's zone."""

    instead_of: Name
    takes: Name
    begins: NaiveDatetime
    ends: NaiveDatetime


class Level(Contract):
    """Who is called at one step of escalation: whoever has the turn, and channels that are told whoever it is."""

    turns: tuple[Turns, ...] = ()
    channels: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _reaches_somebody(self) -> Self:
        if not self.turns and not self.channels:
            raise ValueError("a level needs turns or channels")
        return self


class Rota(Contract):
    """A desk that is called, level after level until somebody acknowledges."""

    name: Name
    title: Text
    zone: Zone
    levels: Annotated[tuple[Level, ...], Field(min_length=1)]
    swaps: tuple[Swap, ...] = ()


class Route(Contract):
    """A row of the matrix: alerts of these severities for this role at these places call that rota. `*`: every place.

    Of each recipient of an alert the first row that fits counts.
    """

    role: Role
    severities: Annotated[frozenset[Severity], Field(min_length=1)]
    rota: Name
    places: Annotated[frozenset[str], Field(min_length=1)] = frozenset({"*"})


class Limits(Contract):
    """How often is called, and when no more."""

    group_seconds: Annotated[float, Field(ge=0)] = 30.0
    """Alerts of one place and rule that come within so many seconds of each other are one page."""
    group_at_most_seconds: Annotated[float, Field(ge=0)] = 120.0
    """A page waits no longer than this for more of its kind."""
    flood_per_minute: Annotated[int, Field(ge=1)] = 10
    """Pages of one rota in one minute of UTC; what is above is cut, and one page says how many."""
    waits: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=lambda: {"CRITICAL": 5.0, "HIGH": 30.0})
    """Minutes without an acknowledgement until the next level is called, by severity (domain 5.4 C)."""
    repeats: Annotated[int, Field(ge=0)] = 3
    """So often the last level is called again."""
    gate_minutes: Annotated[float, Field(ge=0)] = 20.0
    """The gate is called until so long after `decide_by`: then the door is closed (domain 5.4 C)."""
    look_back_days: Annotated[float, Field(gt=0)] = 8.0
    """Alerts are read from so far back; longer than one stays open without a new revision (`alert_days` of the policy)."""
    attempts: Annotated[int, Field(ge=1, le=20)] = 6
    """Tries of one channel until its page is a dead letter."""
    first_pause_seconds: Annotated[float, Field(gt=0)] = 0.5
    """Pause before the second try; doubled for each further one."""
    timeout_seconds: Annotated[float, Field(gt=0)] = 10.0
    """For one try."""
    told_endings: frozenset[State] = frozenset(set(State) - OPEN_STATES - {State.EXPIRED})
    """Endings that are told to whoever was paged. An expiry never is: nothing pages after it."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.told_endings & (OPEN_STATES | {State.EXPIRED}):
            raise ValueError("told_endings: an open or expired alert has no ending to tell")
        if unknown := set(self.waits) - set(Severity.__members__):
            raise ValueError(f"waits: no severity {min(unknown)}")
        return self

    def wait(self, severity: Severity) -> timedelta | None:
        """Until the next level; None where nobody escalates."""
        minutes = self.waits.get(severity.name)
        return None if minutes is None else timedelta(minutes=minutes)


class RotaBook(Contract):
    """Everything about who is called, as one dated file."""

    version: Annotated[str, Field(min_length=1)]
    channels: Annotated[tuple[Channel, ...], Field(min_length=1)]
    posts: tuple[Post, ...] = ()
    rotas: Annotated[tuple[Rota, ...], Field(min_length=1)]
    routes: Annotated[tuple[Route, ...], Field(min_length=1)]
    limits: Limits = Limits()

    @model_validator(mode="after")
    def _every_name_is_known(self) -> Self:
        channels, posts = {one.name for one in self.channels}, {one.name for one in self.posts}
        rotas = {one.name for one in self.rotas}
        if min(len(self.channels) - len(channels), len(self.posts) - len(posts), len(self.rotas) - len(rotas)) > 0:
            raise ValueError("a name stands twice")
        for kind, used, known in (
            ("rota", {one.rota for one in self.routes}, rotas),
            ("channel", {name for post in self.posts for name in post.channels}, channels),
            ("channel", {name for rota in self.rotas for level in rota.levels for name in level.channels}, channels),
            ("post", {name for rota in self.rotas for name in _posts(rota)}, posts),
        ):
            if missing := used - known:
                raise ValueError(f"no {kind} is called {min(missing)}")
        return self

    def rota(self, name: str) -> Rota:
        """By its name. KeyError when there is none."""
        return {one.name: one for one in self.rotas}[name]

    def channel(self, name: str) -> Channel:
        """By its name. KeyError when there is none."""
        return {one.name: one for one in self.channels}[name]


def _posts(rota: Rota) -> set[str]:
    turns = {name for level in rota.levels for one in level.turns for name in one.posts}
    return turns | {name for swap in rota.swaps for name in (swap.instead_of, swap.takes)}


class Matchers(Contract):
    """Which pages a silence mutes: all that are given must fit."""

    checkpoint: Checkpoint | None = None
    rule: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,64}$")] | None = None
    severity: Literal["LOW", "MEDIUM", "HIGH", "CRITICAL"] | None = None
    group: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")] | None = None
    """An alert's id: that alert, and the members of its group."""

    @model_validator(mode="after")
    def _not_everything(self) -> Self:
        if not any((self.checkpoint, self.rule, self.severity, self.group)):
            raise ValueError("name at least one of checkpoint, rule, severity, group")
        return self


def _no_number(comment: str) -> str:
    if _NUMBER.search(_DATE.sub("", comment)):
        raise ValueError("a comment must not hold a number of a person, a phone or a document")
    return comment


class Silence(Contract):
    """Mutes pages until it ends; never the feed. On `suar.desk` under its id; the newest record counts."""

    id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    matchers: Matchers
    comment: Annotated[str, Field(min_length=3, max_length=500), AfterValidator(_no_number)]
    by: Annotated[str, Field(min_length=1, max_length=200)]
    at: Instant
    until: Instant
    lifted_by: str | None = None
    lifted_at: Instant | None = None

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if not self.at < self.until <= self.at + MAX_SILENCE:
            raise ValueError("until must be later than now, by seven days at most")
        return self

    def holds(self, now: datetime) -> bool:
        """Does it mute at that moment?"""
        return self.lifted_at is None and now < self.until


class PageKind(StrEnum):
    """Why a page was made."""

    FIRST = "first"
    RISEN = "risen"
    """The same alert became graver."""
    ESCALATED = "escalated"
    REPEATED = "repeated"
    ENDED = "ended"
    FLOOD = "flood"
    """Says how many pages a rota's limit cut."""


class Quiet(StrEnum):
    """Why no page is made of an alert now."""

    SILENCED = "silenced"
    ACKNOWLEDGED = "acknowledged"
    EXPIRED = "expired"
    INHIBITED = "inhibited"
    """The alert of its group calls the same rota, and is at least as grave."""
    FLOOD_LIMITED = "flood_limited"
    BELOW_SEVERITY = "below_severity"
    """The role is told on its feed; no row of the matrix calls anybody for so little."""
    ALREADY_PAGED = "already_paged"
    """The next call is not due yet."""
    REPEATED_ENOUGH = "repeated_enough"
    GATHERING = "gathering"
    """More of its kind may come within the group's time."""
    GONE = "gone"
    """Withdrawn, closed or addressed to others; or the gate's time to act is over."""
    NOBODY_ON_CALL = "nobody_on_call"


class Claim(Contract):
    """An alert that a page is about. `life` counts how often the alert had ended before, `revision` is what was known."""

    alert_id: str
    life: Annotated[int, Field(ge=0)]
    revision: Annotated[int, Field(ge=0)]


class Page(Contract):
    """The intent to page, written before anything is sent. Of equal intents the first on the log is the one that is sent."""

    what: Literal["page"] = "page"
    key: Annotated[str, Field(min_length=32, max_length=32)]
    """Names the page for receivers that must not hear it twice."""
    nonce: str
    """Of the program's attempt to write it."""
    rota: str
    kind: PageKind
    severity: Severity
    step: Annotated[int, Field(ge=0)]
    """0 the first call, then escalations, then repeats of the last level."""
    level: Annotated[int, Field(ge=0)]
    place: str
    rule: str
    sentence: Text
    claims: tuple[Claim, ...] = ()
    at: Instant
    expires_at: Instant
    """Nothing about it is sent after this."""
    channels: tuple[str, ...]
    """Empty: nothing is sent, and `reason` says why."""
    reason: str = ""
    cut_pages: int = 0
    cut_alerts: int = 0


class PageEnd(StrEnum):
    """How one channel of a page ended."""

    SENT = "sent"
    DEAD_LETTER = "dead_letter"
    """Every try failed; `suar pages resend` tries once more."""
    NOT_NEEDED = "not_needed"
    """Acknowledged, silenced, ended or expired before it could be sent."""


class PageResult(Contract):
    """What became of a page on one of its channels."""

    what: Literal["result"] = "result"
    key: str
    rota: str
    channel: str
    result: PageEnd
    attempts: Annotated[int, Field(ge=0)]
    reason: str = ""
    at: Instant


PageRecord: TypeAdapter[Page | PageResult] = TypeAdapter(Annotated[Page | PageResult, Field(discriminator="what")])
"""What stands on `suar.pages`, keyed by rota: everything about one rota is in one order."""
