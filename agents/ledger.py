"""Ledger: which calls were made, as the log of pages says. Of two intents about one call the first on the log has it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from schemas.alerts import Severity, Text
from schemas.facts import digest
from schemas.paging import Claim, Page, PageEnd, PageKind, PageResult, Quiet


def page_key(rota: str, severity: Severity, step: int, claims: Iterable[Claim]) -> str:
    """Names a page, 32 hex digits: the same call of the same alerts has the same name, whoever makes it and when."""
    return digest("page", rota, severity.name, step, *sorted((one.alert_id, one.life) for one in claims))


def ending_key(rota: str, claims: Iterable[Claim]) -> str:
    """Names the word that alerts are over, once in each life."""
    return digest("ended", rota, *sorted((one.alert_id, one.life) for one in claims))


def flood_key(rota: str, minute: datetime) -> str:
    """Names the notice of what was cut in a minute; any second of UTC within one is the same to the key function."""
    return digest("flood", rota, minute_of(minute))


def minute_of(moment: datetime) -> datetime:
    """The whole minute of UTC in which limits are counted."""
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


@dataclass(slots=True)
class Told:
    """What a rota was last told of an alert."""

    life: int
    severity: Severity
    """The gravest that this life called for."""
    step: int
    at: datetime
    page: str
    sentence: Text
    ended: bool = False
    channels: set[str] = field(default_factory=set)
    """That a page of this life was really sent on."""


@dataclass(slots=True)
class Cut:
    """What a rota's limit cut in one minute."""

    severity: Severity
    pages: int = 0
    alerts: int = 0
    told: bool = False


@dataclass
class Ledger:
    """The fold of `suar.pages`. Everything about one rota stands in one partition, so all readers fold it alike."""

    told: dict[str, dict[str, Told]] = field(default_factory=dict)
    """By alert and rota."""
    sent: dict[tuple[str, datetime], int] = field(default_factory=dict)
    """Pages meant to be sent, by rota and minute."""
    cut: dict[tuple[str, datetime], Cut] = field(default_factory=dict)
    last: dict[tuple[str, Severity, str, str], datetime] = field(default_factory=dict)
    """The newest first call by rota, severity, place and rule."""
    pages: dict[str, Page] = field(default_factory=dict)
    """Those with a channel whose result is not known yet, and dead letters; by key."""
    waiting: dict[str, set[str]] = field(default_factory=dict)
    """By key: channels without a result."""
    dead: dict[tuple[str, str], PageResult] = field(default_factory=dict)
    """By key and channel."""

    def claim(self, page: Page) -> Page | None:
        """Takes an intent in. What is left of it: the claims that no earlier intent had. None: nothing is."""
        if page.kind is PageKind.FLOOD:
            return self._flood(page)
        won = tuple(one for one in page.claims if self._newer(page, one))
        if not won:
            return None
        page = page.model_copy(update={"claims": won})
        for one in won:
            self._take(page, one)
        place = page.rota, minute_of(page.at)
        if page.channels:
            self.sent[place] = self.sent.get(place, 0) + 1
            self._wait(page)
        elif page.reason == Quiet.FLOOD_LIMITED:
            cut = self.cut.setdefault(place, Cut(page.severity))
            cut.severity, cut.pages, cut.alerts = max(cut.severity, page.severity), cut.pages + 1, cut.alerts + len(won)
        if page.step == 0 and page.kind is not PageKind.ENDED:
            self.last[page.rota, page.severity, page.place, page.rule] = page.at
        return page

    def _newer(self, page: Page, one: Claim) -> bool:
        told = self.told.get(one.alert_id, {}).get(page.rota)
        match page.kind:
            case PageKind.ENDED:
                return told is not None and not told.ended and told.life == one.life
            case PageKind.FIRST:
                return told is None or (told.ended and one.life > told.life)
            case PageKind.RISEN:
                return told is not None and one.life == told.life and not told.ended and page.severity > told.severity
            case PageKind.ESCALATED | PageKind.REPEATED:
                return told is not None and one.life == told.life and not told.ended and page.step > told.step
            case PageKind.FLOOD:
                return False

    def _take(self, page: Page, one: Claim) -> None:
        rotas = self.told.setdefault(one.alert_id, {})
        told = rotas.get(page.rota)
        if told is not None and page.kind is PageKind.ENDED:
            told.ended = True
            return
        same = told if told is not None and told.life == one.life else None
        rotas[page.rota] = Told(
            life=one.life,
            severity=max(page.severity, same.severity) if same else page.severity,
            step=page.step,
            at=page.at,
            page=page.key,
            sentence=page.sentence,
            channels=same.channels if same else set(),
        )

    def _flood(self, page: Page) -> Page | None:
        for (rota, minute), cut in self.cut.items():
            if not cut.told and page.key == flood_key(rota, minute):
                cut.told = True
                self._wait(page)
                return page
        return None

    def _wait(self, page: Page) -> None:
        self.pages[page.key] = page
        self.waiting[page.key] = set(page.channels)

    def result(self, one: PageResult) -> None:
        """Takes in what became of a page on one channel."""
        page = self.pages.get(one.key)
        if page is None:
            return
        self.waiting.get(one.key, set()).discard(one.channel)
        if one.result is PageEnd.DEAD_LETTER:
            self.dead[one.key, one.channel] = one
        else:
            self.dead.pop((one.key, one.channel), None)
        if one.result is PageEnd.SENT:
            for claim in page.claims:
                told = self.told.get(claim.alert_id, {}).get(page.rota)
                if told is not None and told.life == claim.life:
                    told.channels.add(one.channel)
        self._settle(one.key)

    def _settle(self, key: str) -> None:
        """A page whose every channel has answered is known no more."""
        if not self.waiting.get(key) and not any(name == key for name, _ in self.dead):
            self.pages.pop(key, None)
            self.waiting.pop(key, None)
