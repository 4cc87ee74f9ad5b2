"""Cards: what an officer must know of one attempt or alert in twenty seconds. Pure: the moment is handed in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, assert_never
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.text import Text as Styled

from schemas.alerts import Confidence, Severity, Verdict
from schemas.simkim_crossings import Lane
from streams.counter import words
from streams.counter.outbox import Kept
from streams.counter.seen import Age, Said, SeenAlert, SeenAnswer
from streams.counter.words import Language, say

QUESTIONS: Final = 2
"""An officer at primary reads about two lines and asks one or two questions (domain 4.2)."""
CLEARS: Final = 3
_GRAVE: Final = frozenset({Severity.HIGH, Severity.CRITICAL})
_STYLES: Final = {
    Severity.LOW: "dim",
    Severity.MEDIUM: "cyan",
    Severity.HIGH: "yellow",
    Severity.CRITICAL: "bold red",
}


@dataclass(frozen=True, slots=True)
class Card:
    """Shape and word of the severity, one sentence, two questions, what clears it, and until when there is time."""

    shape: str
    word: Said
    style: str
    sentence: Said
    at: datetime
    ref: str
    """By which the terminal knows the attempt; never anything of the person's."""
    questions: tuple[Said, ...] = ()
    clears: tuple[Said, ...] = ()
    doubts: tuple[Said, ...] = ()
    """What the answer could not lean on."""
    until: datetime | None = None
    state: Said | None = None
    """What officers have said of it."""
    alert: tuple[str, int] | None = None
    """Id and revision of the alert that it shows."""
    grave: bool = False
    """A gate leads this traveller to a counter, as the gateway advises for HIGH and CRITICAL (domain 4.2). What is milder, or
    cannot be told, stops nobody at a gate.
    """


@dataclass(frozen=True, slots=True)
class View:
    """For whom a card is drawn: language and zone, and the moment, UTC."""

    language: Language
    zone: ZoneInfo
    now: datetime

    def say(self, text: Said, **values: object) -> str:
        """A text with its values, in the language."""
        return say(text, self.language).format(**values) if values else say(text, self.language)

    def clock(self, moment: datetime) -> str:
        """Port-local time with its zone."""
        there = moment.astimezone(self.zone)
        return f"{there:%H:%M} {there.tzname()}"


def of_alert(alert: SeenAlert, answer: SeenAnswer | None = None) -> Card:
    """The card of an alert; the answer to its attempt knows how fresh the sources were."""
    ages = alert.freshness or (answer.freshness if answer else ())
    lowered = (words.LOWERED,) if alert.confidence == Confidence.DEGRADED.value else ()
    return Card(
        shape=words.SHAPES[alert.severity],
        word=words.SEVERITIES[alert.severity],
        style=_STYLES[alert.severity],
        sentence=alert.indications[0].why if alert.indications else words.STEPS[alert.severity],
        at=alert.at,
        ref=alert.crossing or alert.alert_id[:12],
        questions=(alert.questions or words.NEUTRAL)[:QUESTIONS],
        clears=alert.clears[:CLEARS],
        doubts=(*lowered, *_silences(ages)),
        until=alert.decide_by or alert.expires_at,
        state=words.STATES.get(alert.state),
        alert=(alert.alert_id, alert.revision),
        grave=alert.severity in _GRAVE,
    )


def of_answer(answer: SeenAnswer) -> Card:
    """The card of an answer, before or without its alert."""
    match answer.verdict:
        case Verdict.ALERT:
            severity = answer.severity or Severity.MEDIUM
            shape, word, style = words.SHAPES[severity], words.SEVERITIES[severity], _STYLES[severity]
            sentence, questions = words.STEPS[severity], answer.questions or words.NEUTRAL
            questions = questions if answer.alerting else ()
        case Verdict.UNDETERMINED:
            shape, word, style, sentence = "?", words.UNDETERMINED, "cyan", words.UNDETERMINED_STEP
            questions = answer.questions or words.NEUTRAL
        case Verdict.NOTHING_FOUND:
            shape, word, style, sentence, questions = "○", words.NOTHING, "green", words.NOTHING_STEP, ()
        case _:
            assert_never(answer.verdict)
    asked = bool(questions)
    return Card(
        shape=shape,
        word=word,
        style=style,
        sentence=sentence,
        at=answer.at,
        ref=answer.crossing_id,
        questions=questions[:QUESTIONS],
        clears=answer.clears[:CLEARS] if asked else (),
        doubts=_silences(answer.freshness) if asked else (),
        grave=asked and answer.verdict is Verdict.ALERT and answer.severity in _GRAVE,
    )


def of_waiting(attempt: Kept) -> Card:
    """The card of an attempt without an answer: there is no line, or the gateway has it and is not done."""
    if attempt.state == "refused":
        why = Said(id=f"Kode: {attempt.why}", en=f"Code: {attempt.why}")
        return Card("!", words.REFUSED, "yellow", words.REFUSED_STEP, attempt.at, attempt.crossing_id, doubts=(why,))
    sent = attempt.state == "sent"
    return Card(
        shape="?" if sent else "…",
        word=words.UNDETERMINED if sent else words.OFFLINE,
        style="cyan",
        sentence=words.UNDETERMINED_STEP if sent else words.OFFLINE_STEP,
        at=attempt.at,
        ref=attempt.crossing_id,
        questions=words.NEUTRAL,
        until=attempt.leaves_at,
    )


def at_a_gate(lane: str) -> bool:
    """A gate cannot ask; it says one thing, quietly."""
    return lane == Lane.AUTOGATE.value


def _silences(ages: tuple[Age, ...]) -> tuple[Said, ...]:
    """Sources that were not live when the answer was made."""
    return tuple(silence(age) for age in ages if not age.live)


def silence(age: Age) -> Said:
    """How long a source has said nothing."""
    source = age.source.upper()
    if age.age_seconds is None:
        return Said(id=words.NEVER_HEARD.id.format(source=source), en=words.NEVER_HEARD.en.format(source=source))
    spans = {language: span(timedelta(seconds=age.age_seconds), language) for language in Language}
    return Said(
        id=words.SILENT.id.format(source=source, for_=spans[Language.ID]),
        en=words.SILENT.en.format(source=source, for_=spans[Language.EN]),
    )


def span(length: timedelta, language: Language) -> str:
    """A length of time in hours and minutes, cut to the minute."""
    hours, minutes = divmod(int(length.total_seconds()) // 60, 60)
    text = words.HOURS if hours else words.MINUTES
    return say(text, language).format(hours=hours, minutes=minutes)


def left(card: Card, view: View) -> str:
    """How much time there is to decide; empty where nobody waits."""
    if card.until is None:
        return ""
    remaining = card.until - view.now
    if remaining <= timedelta():
        return view.say(words.OVER)
    hours, minutes = divmod(int(remaining.total_seconds()) // 60, 60)
    return view.say(words.LEFT, minutes=hours * 60 + minutes)


def drawn(card: Card, view: View, *, chosen: bool = False) -> Panel:
    """A card as it stands on the screen."""
    lines: list[RenderableType] = [Styled(view.say(card.sentence), style="bold")]
    if card.questions:
        lines.append(Styled(f"\n{view.say(words.ASK)}:"))
        lines += [Styled(f"  {number}. {view.say(text)}") for number, text in enumerate(card.questions, 1)]
    if card.clears:
        lines.append(Styled(f"{view.say(words.CLEARS)}:"))
        lines += [Styled(f"  • {view.say(text)}") for text in card.clears]
    lines += [Styled(f"! {view.say(text)}", style="italic") for text in card.doubts]
    head = Styled(f"{'▶ ' if chosen else ''}{card.shape} {view.say(card.word)}", style=card.style)
    head.append(f" · {view.clock(card.at)} · {card.ref}", style="default")
    if card.state is not None:
        head.append(f" · {view.say(card.state)}", style="bold")
    remaining = left(card, view)
    return Panel(
        Group(*lines),
        title=head,
        title_align="left",
        subtitle=remaining or None,
        subtitle_align="right",
        border_style=card.style,
        width=76,
    )
