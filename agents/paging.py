"""Paging: which pages are due now, each with a reason, and why the others are not. Pure: clock, log and channels are values."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from agents.calls import Call, World, still
from agents.ledger import Told, ending_key, flood_key, minute_of, page_key
from agents.page_text import CUT
from agents.rota import channels
from schemas.alerts import OPEN_STATES, Severity
from schemas.paging import Claim, Page, PageKind, Quiet, Rota, RotaBook

_FLOOD_TOLD_WITHIN = timedelta(hours=1)
"""What was cut longer ago than this has escalated since; nobody needs to hear of it any more."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One alert's next call of one rota."""

    call: Call
    rota: str
    told: Told | None
    step: int
    due: datetime
    kind: PageKind

    @property
    def life(self) -> int:
        return 0 if self.told is None else self.told.life + self.told.ended

    @property
    def peak(self) -> Severity:
        """The gravest of this life."""
        return max(self.call.severity, self.told.severity) if self.told and not self.told.ended else self.call.severity


@dataclass(frozen=True)
class Due:
    """What to do now, and of every alert and rota that stays quiet, why."""

    pages: tuple[Page, ...]
    quiet: Mapping[tuple[str, str], Quiet]


def due(world: World, rotas: Collection[str], now: datetime, nonce: str) -> Due:
    """The pages to make at `now` (aware) for the rotas that the caller answers for. `nonce` names the caller's attempt."""
    quiet: dict[tuple[str, str], Quiet] = {}
    groups: dict[tuple[object, ...], list[_Wanted]] = {}
    endings: dict[tuple[object, ...], list[tuple[Call, Told]]] = {}
    for one in world.calls.values():
        told = world.ledger.told.get(one.alert_id, {})
        for rota in told.keys() | one.rotas.keys():
            if rota not in rotas:
                continue
            if one.state not in OPEN_STATES or rota not in one.rotas:
                if rota in told and not told[rota].ended:
                    endings.setdefault(_ended_with(world, one, rota, told[rota], now), []).append((one, told[rota]))
                continue
            wanted = still(world, one, rota, now) or _next(world, one, rota, told.get(rota))
            if isinstance(wanted, Quiet):
                quiet[rota, one.alert_id] = wanted
            else:
                groups.setdefault(_group(wanted), []).append(wanted)
        if one.below and not one.rotas and "" in rotas:
            quiet["", one.alert_id] = Quiet.BELOW_SEVERITY
    pages = [page for members in groups.values() if (page := _page(world, members, now, quiet)) is not None]
    pages.sort(key=lambda page: (-page.severity, page.step, page.key))
    pages += [_ending(key, members, now) for key, members in endings.items()]
    made = [*_limited(world, pages, now, quiet), *_floods(world, rotas, now)]
    return Due(tuple(page.model_copy(update={"nonce": f"{nonce}/{n}"}) for n, page in enumerate(made)), quiet)


def _next(world: World, one: Call, rota: str, told: Told | None) -> _Wanted | Quiet:
    if told is None or told.ended:
        return _Wanted(one, rota, told, 0, one.since, PageKind.FIRST)
    if one.severity > told.severity:
        return _Wanted(one, rota, told, 0, one.since, PageKind.RISEN)
    limits, last = world.book.limits, len(world.book.rota(rota).levels) - 1
    wait, step = limits.wait(one.severity), told.step + 1
    if wait is None or step > last + limits.repeats:
        return Quiet.REPEATED_ENOUGH
    by = one.acknowledge_by
    promised = by if told.step == 0 and by is not None and by > told.at else told.at + wait
    kind = PageKind.ESCALATED if step <= last else PageKind.REPEATED
    return _Wanted(one, rota, told, step, min(promised, told.at + wait), kind)


def _group(one: _Wanted) -> tuple[object, ...]:
    """What is one page: first calls of one place and rule; later ones of what was one page before."""
    before = "" if one.step == 0 or one.told is None else one.told.page
    return one.rota, one.call.severity, one.call.place, one.call.rule, one.kind, one.step, before


def _page(world: World, members: Sequence[_Wanted], now: datetime, quiet: dict[tuple[str, str], Quiet]) -> Page | None:
    first = members[0]
    rota = world.book.rota(first.rota)
    if not (_ripe(world, members, now) if first.step == 0 else min(one.due for one in members) <= now):
        why = Quiet.GATHERING if first.step == 0 else Quiet.ALREADY_PAGED
        quiet.update({(one.rota, one.call.alert_id): why for one in members})
        return None
    level, reached = _reached(world.book, rota, min(first.step, len(rota.levels) - 1), now)
    if not reached:
        quiet.update({(one.rota, one.call.alert_id): Quiet.NOBODY_ON_CALL for one in members})
        return None
    claims = tuple(Claim(alert_id=one.call.alert_id, life=one.life, revision=one.call.revision) for one in members)
    return Page(
        key=page_key(first.rota, max(one.peak for one in members), first.step, claims),
        nonce="",
        rota=first.rota,
        kind=first.kind,
        severity=first.call.severity,
        step=first.step,
        level=level,
        place=first.call.place,
        rule=first.call.rule,
        sentence=first.call.rotas[first.rota][1],
        claims=claims,
        at=now,
        expires_at=max(one.call.expires_at for one in members),
        channels=reached,
    )


def _ripe(world: World, members: Sequence[_Wanted], now: datetime) -> bool:
    """CRITICAL calls at once; what comes soon after it gathers until no more comes for a while. Others gather from the first on."""
    limits, one = world.book.limits, members[0].call
    quiet_for, longest = timedelta(seconds=limits.group_seconds), timedelta(seconds=limits.group_at_most_seconds)
    last = world.ledger.last.get((members[0].rota, one.severity, one.place, one.rule))
    times = [member.due for member in members]
    if one.severity is Severity.CRITICAL and (last is None or min(times) - last >= quiet_for):
        return True
    return now - max(times) >= quiet_for or now - min(times) >= longest


def _reached(book: RotaBook, rota: Rota, level: int, now: datetime) -> tuple[int, tuple[str, ...]]:
    """The level, or the next above it that reaches anybody: a gap in a rota is nobody's excuse."""
    for number in (*range(level, len(rota.levels)), *range(level)):
        found = channels(book, rota, rota.levels[number], now)
        if found:
            return number, found
    return level, ()


def _limited(world: World, pages: Iterable[Page], now: datetime, quiet: dict[tuple[str, str], Quiet]) -> Iterator[Page]:
    """The gravest first; what is above a rota's limit is noted as made, so that it escalates, and is not sent."""
    minute, most = minute_of(now), world.book.limits.flood_per_minute
    made: dict[str, int] = {}
    for page in pages:
        made.setdefault(page.rota, world.ledger.sent.get((page.rota, minute), 0))
        if not page.channels or made[page.rota] < most:
            made[page.rota] += bool(page.channels)
            yield page
        else:
            quiet.update({(page.rota, one.alert_id): Quiet.FLOOD_LIMITED for one in page.claims})
            yield page.model_copy(update={"channels": (), "reason": Quiet.FLOOD_LIMITED.value})


def _ended_with(world: World, one: Call, rota: str, told: Told, now: datetime) -> tuple[object, ...]:
    """What is one word of an ending: those of one page that end alike, for the channels on which it was really sent."""
    rerouted = one.state in OPEN_STATES
    muted = now >= one.expires_at or not (rerouted or one.state in world.book.limits.told_endings)
    channels_told = () if muted else tuple(sorted(told.channels))
    return rota, told.page, channels_told, "rerouted" if rerouted else one.state.value.lower()


def _ending(key: tuple[object, ...], members: Sequence[tuple[Call, Told]], now: datetime) -> Page:
    """Noted even where nobody is told, so that the alert may call again when it returns."""
    rota, _, told_on, reason = key
    claims = tuple(Claim(alert_id=one.alert_id, life=told.life, revision=one.revision) for one, told in members)
    one, told = members[0]
    return Page(
        key=ending_key(str(rota), claims),
        nonce="",
        rota=str(rota),
        kind=PageKind.ENDED,
        severity=told.severity,
        step=0,
        level=0,
        place=one.place,
        rule=one.rule,
        sentence=told.sentence,
        claims=claims,
        at=now,
        expires_at=max(now, *(one.expires_at for one, _ in members)),
        channels=told_on if isinstance(told_on, tuple) else (),
        reason=str(reason),
    )


def _floods(world: World, rotas: Collection[str], now: datetime) -> Iterator[Page]:
    for (name, minute), cut in world.ledger.cut.items():
        over = minute + timedelta(minutes=1)
        if name not in rotas or cut.told or not over <= now < over + _FLOOD_TOLD_WITHIN:
            continue
        rota = world.book.rota(name)
        level, reached = _reached(world.book, rota, 0, now)
        yield Page(
            key=flood_key(name, minute),
            nonce="",
            rota=name,
            kind=PageKind.FLOOD,
            severity=cut.severity,
            step=0,
            level=level,
            place="*",
            rule="*",
            sentence=CUT,
            at=now,
            expires_at=over + _FLOOD_TOLD_WITHIN,
            channels=reached,
            cut_pages=cut.pages,
            cut_alerts=cut.alerts,
        )
