"""Hand-made departures with their answers, so that every figure can be counted on fingers."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from schemas.alerts import Confidence, Family, Severity, State, TriggerKind, Verdict
from schemas.truth import Departure, Traveller
from streams.evaluation.attempts import Judged, Words
from streams.evaluation.report import Report, report
from streams.replay.outcome import Alert, Indication, Missing, Said, Screening, Sentence
from tests.stories.play import POLICY

AT = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
GATE = AT + timedelta(minutes=60)
"""Of every departure made here."""
EPMI, CLUSTER, HAJJ = "work_visa_without_epmi", "handler_contact_cluster", "hajj_without_hajj_visa"


def alert(name: str, severity: Severity, *rules: str, revision: int = 1, state: State = State.RAISED) -> Alert:
    """One revision of an alert on those rules."""
    hits = tuple(Indication(rule, Family.PROCEDURE, severity, Confidence.FULL, Sentence(rule)) for rule in rules)
    return Alert(name, revision, state, TriggerKind.ATTEMPT, name, "person:0", "A-CGK", AT, severity, AT, hits)


def answer(
    crossing: str,
    severity: Severity | None = None,
    alert_id: str | None = None,
    *,
    revision: int = 1,
    waits: tuple[str, ...] = (),
) -> Screening:
    """One answer: an alert, undetermined when it waits, or nothing found."""
    verdict = Verdict.ALERT if severity else Verdict.UNDETERMINED if waits else Verdict.NOTHING_FOUND
    missing = tuple(Missing(EPMI, source) for source in waits)
    return Screening(crossing, revision, verdict, "", "A-CGK", AT, severity, alert_id, missing)


@dataclass
class World:
    """Departures and what is said of them."""

    departures: list[Departure] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)

    def leave(self, traveller: Traveller, **more: object) -> str:
        """A departure through a checkpoint; its crossing."""
        name = f"c-{len(self.departures)}"
        departure = Departure(name, AT, traveller, name, **more)  # type: ignore[arg-type]
        self.departures.append(departure)
        return name

    def say(self, minutes: float, *said: Alert | Screening) -> None:
        """So many minutes after the attempt."""
        at = AT + timedelta(minutes=minutes)
        for one in said:
            self.said.append(Said(at, one, None) if isinstance(one, Alert) else Said(at, None, one))

    def stop(self, traveller: Traveller, severity: Severity, *rules: str, minutes: float = 1, **more: object) -> str:
        """A departure with an alert of its own, so many minutes after the attempt."""
        name = self.leave(traveller, **more)
        self.say(minutes, alert(f"a-{name}", severity, *rules), answer(name, severity, f"a-{name}"))
        return name

    def let_go(self, traveller: Traveller, count: int = 1, **more: object) -> None:
        """Departures of which nothing was found."""
        for _ in range(count):
            self.say(1, answer(self.leave(traveller, **more)))

    def judged(self) -> list[Judged]:
        """Every departure through a checkpoint with what stood at its gate."""
        words = Words.of(self.said)
        return [words.judged(one, GATE) for one in self.departures if one.crossing_id is not None]

    def report(self) -> Report:
        """All figures."""
        return report(self.departures, self.judged(), Words.of(self.said), POLICY)


def world() -> World:
    """Twenty departures: four trafficked (three stopped), three to work without papers (one stopped), thirteen others."""
    made = World()
    made.stop(Traveller.TRAFFICKED, Severity.CRITICAL, EPMI, CLUSTER, minutes=0, modus="gulf", sex="F")
    made.stop(Traveller.TRAFFICKED, Severity.HIGH, EPMI, minutes=10, modus="gulf", sex="F")
    made.stop(Traveller.TRAFFICKED, Severity.HIGH, CLUSTER, minutes=30, modus="scam", sex="M")
    made.let_go(Traveller.TRAFFICKED, modus="scam", sex="M")
    made.stop(Traveller.WORKER_WITHOUT_PAPERS, Severity.HIGH, EPMI, sex="F")
    made.let_go(Traveller.WORKER_WITHOUT_PAPERS, 2, sex="M")
    made.stop(Traveller.HOLIDAY, Severity.HIGH, CLUSTER, innocent="tour", sex="F")
    made.stop(Traveller.HOLIDAY, Severity.MEDIUM, CLUSTER, innocent="tour", sex="F")
    made.stop(Traveller.PILGRIM, Severity.MEDIUM, HAJJ, sex="M")
    made.let_go(Traveller.HOLIDAY, 8, sex="M")
    waiting = made.leave(Traveller.BUSINESS, sex="M")
    made.say(1, answer(waiting, waits=("siskop2mi",)))
    made.leave(Traveller.BUSINESS, sex="M")
    made.departures.append(Departure("elsewhere", AT, Traveller.TRAFFICKED))
    return made
