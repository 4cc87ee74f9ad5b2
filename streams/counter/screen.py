"""The screen of a terminal: what needs an officer now, and below it, quietly, what came when the traveller had passed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from schemas.alerts import Severity, Verdict
from streams.counter import words
from streams.counter.cards import Card, View, drawn, of_alert, of_answer, of_waiting, silence
from streams.counter.outbox import attempts, departures
from streams.counter.seen import Here, Said, moment
from streams.counter.store import Store

MOST: Final = 6
"""Cards on the screen at once; an officer meets one traveller at a time, and the gravest come first."""
BRIEF: Final = timedelta(minutes=1)
"""How long an answer stays that asks nothing of anybody."""
LATE_SHOWN: Final = timedelta(hours=12)
"""A shift. Late answers stay so long on the quiet list."""


@dataclass(frozen=True, slots=True)
class Late:
    """An answer that found something when the traveller had passed the counter. Never a card, never a sound."""

    card: Card
    leaves_at: datetime | None


@dataclass(frozen=True, slots=True)
class Screen:
    """Everything on the screen at one moment."""

    checkpoint: str
    cards: tuple[Card, ...]
    late: tuple[Late, ...]
    away_since: datetime | None
    waiting: int
    gap: tuple[datetime | None, datetime | None] | None = None
    unreadable: int = 0
    silent: tuple[Said, ...] = ()
    stale: bool = False
    """The line stands, and the gateway waits for its own data."""


@dataclass(frozen=True, slots=True)
class Window:
    """What of a store is shown: for which lane ('' for all), and for how long an unanswered attempt stays."""

    checkpoint: str
    lane: str
    passed_after: timedelta


def screen(store: Store, window: Window, now: datetime, away_since: datetime | None) -> Screen:
    """Reads a store."""
    here = _here(store)
    return Screen(
        checkpoint=window.checkpoint,
        cards=tuple(_cards(store, window, now)),
        late=tuple(_late(store, now)),
        away_since=away_since,
        waiting=len(attempts(store, "waiting")),
        gap=_gap(store, now),
        unreadable=int(store.kept("unreadable") or 0),
        silent=tuple(silence(age) for age in here.sources if not age.live),
        stale=not here.live,
    )


def _cards(store: Store, window: Window, now: datetime) -> list[Card]:
    """An alert and the answer to its attempt are one card; the alert's."""
    lane, recent = window.lane, now - window.passed_after
    cards: list[Card] = []
    told: set[str] = set()
    for kept in store.alerts(late=False, since=now - LATE_SHOWN):
        alert = kept.alert
        answer = store.answer(alert.crossing) if alert.crossing else None
        told.add(alert.crossing or "")
        over = alert.expires_at is not None and alert.expires_at <= now
        if alert.severity > Severity.LOW and not over and _in_lane(answer.answer.lane if answer else "", lane):
            cards.append(of_alert(alert, answer.answer if answer else None))
    for one in store.answers(late=False, since=recent):
        if one.answer.crossing_id in told or not _in_lane(one.answer.lane, lane):
            continue
        asks = one.answer.alerting or one.answer.verdict is Verdict.UNDETERMINED
        known = one.answer.alert_id is not None and store.alert(one.answer.alert_id) is not None
        if not known and now - one.seen_at <= (window.passed_after if asks else BRIEF):
            cards.append(of_answer(one.answer))
    for attempt in (*attempts(store, "waiting"), *attempts(store, "refused"), *attempts(store, "sent")):
        if attempt.at > recent and _in_lane(attempt.lane, lane):
            cards.append(of_waiting(attempt))
    return cards


def _in_lane(lane: str, wanted: str) -> bool:
    return wanted in {"", lane}


def _late(store: Store, now: datetime) -> list[Late]:
    leaves = departures(store)
    found: dict[str, Late] = {}
    for one in store.answers(late=True, since=now - LATE_SHOWN):
        if one.answer.alerting or one.answer.verdict is Verdict.UNDETERMINED:
            crossing = one.answer.crossing_id
            found[crossing] = Late(of_answer(one.answer), leaves.get(crossing))
    for kept in store.alerts(late=True, since=now - LATE_SHOWN):
        if kept.alert.severity > Severity.LOW:
            crossing = kept.alert.crossing or kept.alert.alert_id
            found[crossing] = Late(of_alert(kept.alert), leaves.get(crossing))
    return sorted(found.values(), key=lambda late: (late.card.at, late.card.ref))


def _gap(store: Store, now: datetime) -> tuple[datetime | None, datetime | None] | None:
    row = store.sql.execute("SELECT * FROM gaps ORDER BY seen_at DESC LIMIT 1").fetchone()
    if row is None or now.timestamp() - row["seen_at"] > BRIEF.total_seconds() * 10:
        return None
    since, until = (moment(row[name]) if row[name] is not None else None for name in ("since", "until"))
    return since, until


def _here(store: Store) -> Here:
    """What the last keep-alive said."""
    kept = store.kept("here")
    return Here.model_validate_json(kept) if kept else Here()


def drawing(shown: Screen, view: View, *, chosen: int = 0, unfolded: bool = True) -> RenderableType:
    """The screen for people at a counter."""
    parts: list[RenderableType] = [_head(shown, view)]
    parts += [drawn(card, view, chosen=at == chosen) for at, card in enumerate(shown.cards[:MOST])]
    if len(shown.cards) > MOST:
        parts.append(Styled(f"+{len(shown.cards) - MOST}", style="dim"))
    if not shown.cards and shown.away_since is None and not shown.stale:
        parts.append(Styled(view.say(words.QUIET), style="dim"))
    if shown.late:
        parts.append(
            _late_table(shown.late, view) if unfolded else Styled(f"{view.say(words.LATE)}: {len(shown.late)}")
        )
    parts.append(Styled(view.say(words.KEYS), style="dim"))
    return Group(*parts)


def _head(shown: Screen, view: View) -> Styled:
    line = Styled(f"{shown.checkpoint} · {view.clock(view.now)} · ", style="bold")
    if shown.away_since is None and shown.stale:
        line.append(view.say(words.STALE), style="bold yellow")
    elif shown.away_since is None:
        line.append(view.say(words.CONNECTED), style="green")
    else:
        line.append(view.say(words.CUT, at=view.clock(shown.away_since)), style="bold yellow")
    if shown.waiting:
        line.append(" · " + view.say(words.WAITING, count=shown.waiting))
    for source in shown.silent:
        line.append(f" · {view.say(source)}", style="yellow")
    if shown.gap is not None:
        since, until = (view.clock(at) if at else "…" for at in shown.gap)
        line.append("\n" + view.say(words.GAP, since=since, until=until), style="yellow")
    if shown.unreadable:
        line.append("\n" + view.say(words.UNREADABLE, count=shown.unreadable), style="yellow")
    return line


def _late_table(late: tuple[Late, ...], view: View) -> Table:
    table = Table(title=view.say(words.LATE), title_justify="left", title_style="dim", box=None, show_header=False)
    for one in late:
        card = one.card
        table.add_row(
            view.clock(card.at), f"{card.shape} {view.say(card.word)}", card.ref, where_now(one, view), style="dim"
        )
    return table


def where_now(late: Late, view: View) -> str:
    """What is known of where the traveller is."""
    if late.leaves_at is None:
        return view.say(words.PASSED)
    departed = late.leaves_at <= view.now
    return view.say(words.DEPARTED if departed else words.BOARDS, at=view.clock(late.leaves_at))


def on_screen(shown: Screen) -> list[tuple[str, int]]:
    """Alerts whose cards are drawn: id and revision."""
    return [card.alert for card in shown.cards[:MOST] if card.alert is not None]
