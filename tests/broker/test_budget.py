"""The alert budget on a real Redis: exact whatever is delivered twice, late, revised or taken back."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import uuid4

import pytest

from agents.budget import DEPARTURES, day_of, share
from schemas.alerts import Screening, Severity
from streams import metrics
from streams.app import connect
from streams.budget import CLOSED_AFTER, Budgets
from streams.local import Local
from streams.settings import load
from streams.teller import OneTeller, Teller
from tests.stories.play import POLICY
from tests.unit.test_budget import answer

NOW = datetime.now(UTC)


@pytest.fixture
async def teller(local: Local) -> AsyncIterator[Teller]:
    one = OneTeller(connect(local.redis.address))
    yield one
    await one.close()


def _budgets(teller: Teller, namespace: str) -> Budgets:
    return Budgets(teller, load(namespace=namespace, pseudonym_key="x" * 32), POLICY)


def _recounted(answers: list[Screening]) -> dict[tuple[str, object, str], int]:
    """The same counts, made from the newest revision of each crossing."""
    newest: dict[str, Screening] = {}
    for one in answers:
        if one.crossing_id not in newest or one.revision > newest[one.crossing_id].revision:
            newest[one.crossing_id] = one
    alerts = {
        (one.checkpoint, day_of(one, POLICY), share(one).severity, share(one).alert)
        for one in newest.values()
        if share(one).severity
    }
    counts: dict[tuple[str, object, str], int] = {}
    for place, day, severity, _ in alerts:
        counts[place, day, severity] = counts.get((place, day, severity), 0) + 1
    for one in newest.values():
        if share(one).departed:
            key = (one.checkpoint, day_of(one, POLICY), DEPARTURES)
            counts[key] = counts.get(key, 0) + 1
    return counts


def _drawn(chance: Random) -> list[Screening]:
    """Two checkpoints, two days, thirty crossings, up to four revisions each; some share a group's alert."""
    made: list[Screening] = []
    for crossing in range(30):
        at = NOW - timedelta(hours=chance.choice([1, 26]))
        place = chance.choice(["A-CGK", "A-DPS"])
        for revision in range(1, chance.randint(2, 5)):
            severity = chance.choice([None, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL])
            made.append(
                answer(
                    f"CR-{crossing}",
                    checkpoint=place,
                    severity=severity,
                    alert=chance.choice([f"alert-{crossing}", "group-1", "group-2"]),
                    revision=revision,
                    at=at,
                    reason="no_rule_spoke" if severity else chance.choice(["no_rule_spoke", "trigger_taken_back"]),
                )
            )
    return made


@pytest.mark.parametrize("seed", range(5))
async def test_counts_are_those_of_the_newest_revisions_in_any_order_and_number_of_deliveries(
    teller: Teller, seed: int
) -> None:
    """Each batch by a worker that knows nothing of the one before."""
    chance, namespace = Random(seed), f"t{uuid4().hex}"
    answers = _drawn(chance)
    delivered = answers + chance.sample(answers, len(answers) // 2)
    chance.shuffle(delivered)
    for one in delivered:
        await _budgets(teller, namespace).count([one], NOW)
    days = sorted({day_of(one, POLICY) for one in answers})
    found = await _budgets(teller, namespace).days(["A-CGK", "A-DPS"], days)
    expected = _recounted(answers)
    assert {(line.checkpoint, line.day, line.severity.name): line.alerts for line in found if line.alerts} == {
        key: count for key, count in expected.items() if key[2] != DEPARTURES and count
    }
    assert {(line.checkpoint, line.day): line.departures for line in found if line.departures} == {
        key[:2]: count for key, count in expected.items() if key[2] == DEPARTURES
    }


async def test_a_day_that_is_closed_is_not_counted_in_any_more(teller: Teller) -> None:
    """Whoever was counted then is forgotten: a late revision would count twice."""
    budgets = _budgets(teller, f"t{uuid4().hex}")
    old = NOW - CLOSED_AFTER - timedelta(minutes=1)
    await budgets.count([answer(at=old)], NOW)
    assert await budgets.days(["A-CGK"], [day_of(answer(at=old), POLICY)]) == []


async def test_the_measures_show_the_newest_day_and_warn(teller: Teller) -> None:
    """Two grave alerts among two departures are beyond any budget; yesterday's late answer changes nothing of that."""
    budgets = _budgets(teller, f"t{uuid4().hex}")
    for crossing in ("CR-1", "CR-2"):
        await budgets.count([answer(crossing, severity=Severity.HIGH, alert=crossing, checkpoint="A-KNO", at=NOW)], NOW)
    await budgets.count([answer("CR-3", checkpoint="A-KNO", at=NOW - timedelta(days=2))], NOW)
    labels = {"checkpoint": "A-KNO", "severity": "HIGH"}
    assert metrics.REGISTRY.get_sample_value("suar_alert_budget_per_thousand", labels) == pytest.approx(1000)
    assert metrics.REGISTRY.get_sample_value("suar_alert_budget_exceeded", labels) == 1
