"""Rota: who is on call at a moment, on the clock of the place, and when nobody is."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from schemas.paging import Level, Rota, RotaBook, Turns


def on_call(rota: Rota, level: Level, now: datetime) -> tuple[str, ...]:
    """The posts that have the turn at that level; none in a gap of the rota. `now` is aware, of any zone."""
    local = now.astimezone(ZoneInfo(rota.zone)).replace(tzinfo=None)
    posts = (_turn(one, local) for one in level.turns)
    return tuple(dict.fromkeys(_stands_in(rota, post, local) for post in posts if post is not None))


def _turn(turns: Turns, local: datetime) -> str | None:
    if turns.hours is not None and not _within(turns.hours, local.time()):
        return None
    day = local.date() if local.time() >= turns.hand_over else local.date() - timedelta(days=1)
    days = (day - turns.begins).days
    return None if days < 0 else turns.posts[days // turns.every_days % len(turns.posts)]


def _within(hours: tuple[time, time], moment: time) -> bool:
    begins, ends = hours
    return begins <= moment < ends if begins < ends else moment >= begins or moment < ends


def _stands_in(rota: Rota, post: str, local: datetime) -> str:
    for swap in rota.swaps:
        if swap.instead_of == post and swap.begins <= local < swap.ends:
            return swap.takes
    return post


def channels(book: RotaBook, rota: Rota, level: Level, now: datetime) -> tuple[str, ...]:
    """Names of the channels that reach that level at that moment; none when nobody is on call and nobody is told besides."""
    posts = {one.name: one for one in book.posts}
    reached = [name for post in on_call(rota, level, now) for name in posts[post].channels]
    return tuple(dict.fromkeys((*reached, *level.channels)))


def shifts(rota: Rota, level: Level, begins: datetime, ends: datetime) -> Iterator[tuple[datetime, tuple[str, ...]]]:
    """Every change of who is on call from one moment to another: since when (UTC), and who; empty in a gap."""
    last: tuple[str, ...] | None = None
    for moment in _hand_overs(rota, level, begins, ends):
        posts = on_call(rota, level, moment)
        if posts != last:
            yield moment, posts
        last = posts


def gaps(book: RotaBook, begins: datetime, days: int) -> Iterator[tuple[str, int, datetime, datetime]]:
    """Times in which a level reaches nobody: rota, level (from 1), from, until; both UTC. A level with channels has none."""
    ends = begins + timedelta(days=days)
    for rota in book.rotas:
        for number, level in enumerate(rota.levels, 1):
            changes = [*shifts(rota, level, begins, ends), (ends, ("",))]
            for (since, posts), (until, _) in pairwise(changes):
                if not posts and not level.channels:
                    yield rota.name, number, since, until


def _hand_overs(rota: Rota, level: Level, begins: datetime, ends: datetime) -> list[datetime]:
    """Every moment at which the answer may change, and the first; on the days between."""
    zone = ZoneInfo(rota.zone)
    found = {begins}
    clocks = {moment for one in level.turns for moment in (one.hand_over, *(one.hours or ()))}
    first, last = begins.astimezone(zone).date(), ends.astimezone(zone).date()
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        found |= {datetime.combine(day, clock, zone).astimezone(UTC) for clock in clocks}
    found |= {edge.replace(tzinfo=zone).astimezone(UTC) for swap in rota.swaps for edge in (swap.begins, swap.ends)}
    return sorted(moment for moment in found if begins <= moment < ends)
