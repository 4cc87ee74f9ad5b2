"""The nation has the shape of the published figures; each tolerance stands beside what it is for."""

from collections import Counter
from collections.abc import Iterable
from functools import cache

import msgspec
import pytest

from schemas.truth import Departure, Traveller
from streams.simulator.mix import ORDINARY, parties, sizes
from streams.simulator.nation import load
from streams.simulator.run import lines
from tests.unit.simulator.nations import large, plan

NATION = load()


@cache
def seen() -> tuple[Departure, ...]:
    """Departures at checkpoints."""
    return tuple(one for one in large().departures if one.crossing_id is not None)


def _shares(of: Iterable[str]) -> dict[str, float]:
    """In percent."""
    count = Counter(of)
    return {name: 100 * number / count.total() for name, number in count.items()}


def test_as_many_leave_as_in_the_nation() -> None:
    """31,500 a day and the weekdays' factors, within 3 %."""
    expected = 0.1 * NATION.departures_a_day * sum(NATION.weekdays.factors[:3])
    assert len(seen()) == pytest.approx(expected, rel=0.03)


def test_checkpoints_have_their_shares() -> None:
    """Within 25 % of the share and 1.5 points: pilgrims go thirty at a time, and a tenth of three days is small."""
    total = sum(one.share for one in NATION.checkpoints.values())
    found = _shares(one.checkpoint or "" for one in seen())
    for code, place in NATION.checkpoints.items():
        share = 100 * place.share / total
        assert found.get(code, 0.0) == pytest.approx(share, rel=0.25, abs=1.5), code


def test_both_margins_of_the_mix_are_met() -> None:
    """The fit itself, without chance: 0.5 % of each share."""
    odds = parties(NATION)
    steps = [0.0, *odds._steps]
    weights = {cell: steps[at + 1] - steps[at] for at, cell in enumerate(odds._items)}
    means = {kind: sum(n * w for n, w in of.items()) / sum(of.values()) for kind, of in sizes(NATION).items()}
    people = {cell: weight * means[cell[0]] for cell, weight in weights.items()}
    kinds, places = Counter[str](), Counter[str]()
    for (kind, code), share in people.items():
        kinds[kind] += share  # type: ignore[assignment]
        places[code] += share  # type: ignore[assignment]
    wanted = {kind: getattr(NATION.travellers, kind) for kind in ORDINARY}
    for kind, share in wanted.items():
        assert kinds[kind] / sum(kinds.values()) == pytest.approx(share / sum(wanted.values()), rel=0.005), kind
    total = sum(one.share for one in NATION.checkpoints.values())
    for code, place in NATION.checkpoints.items():
        assert places[code] / sum(places.values()) == pytest.approx(place.share / total, rel=0.005), code


def test_people_leave_for_the_reasons_that_they_have() -> None:
    """Within 15 % and half a point of the file's shares, of which placements take theirs."""
    found = _shares(one.traveller.value for one in seen())
    ordinary = sum(getattr(NATION.travellers, kind) for kind in ORDINARY)
    left = 100 - 100 * NATION.placements_a_day / NATION.departures_a_day - NATION.travellers.trafficked
    for kind, traveller in (
        ("pilgrims", Traveller.PILGRIM),
        ("holidays", Traveller.HOLIDAY),
        ("students", Traveller.STUDENT),
    ):
        share = getattr(NATION.travellers, kind) / ordinary * left
        assert found[traveller] == pytest.approx(share, rel=0.15, abs=0.5), kind
    placed = 100 * NATION.placements_a_day / NATION.departures_a_day
    on_leave = NATION.travellers.returning_workers / ordinary * left
    assert found[Traveller.PLACED_WORKER] == pytest.approx(placed + on_leave, rel=0.15)


def test_those_at_risk_are_few() -> None:
    """About 2 in 1,000 trafficked and 4 without papers at checkpoints; chance within a factor of two at this size."""
    found = _shares(one.traveller.value for one in seen())
    assert 0.1 < found[Traveller.TRAFFICKED] < 0.4
    assert 0.2 < found[Traveller.WORKER_WITHOUT_PAPERS] < 0.7


def test_many_never_meet_a_checkpoint() -> None:
    """By the file: 24 and 110 a day in the nation, within 40 %."""
    unseen = Counter(one.traveller for one in large().departures if one.crossing_id is None)
    assert unseen[Traveller.WORKER_WITHOUT_PAPERS] == pytest.approx(33, rel=0.4)
    assert 2 <= unseen[Traveller.TRAFFICKED] <= 16


def test_hours_follow_the_airports_day() -> None:
    """The busiest hour at airports has 7.5 to 9 % by domain figures; local night is quiet. Half a share of slack."""
    offset = {code: place.utc for code, place in NATION.checkpoints.items()}
    hours = Counter(
        (one.at.hour + offset[one.checkpoint or ""]) % 24 for one in seen() if (one.checkpoint or "")[0] == "A"
    )
    total = hours.total()
    weights = NATION.hours["A"]
    for hour, weight in enumerate(weights):
        assert hours[hour] / total == pytest.approx(weight / sum(weights), rel=0.5, abs=0.01), hour
    ports = Counter(
        (one.at.hour + offset[one.checkpoint or ""]) % 24 for one in seen() if (one.checkpoint or "")[0] == "S"
    )
    assert sum(ports[hour] for hour in range(5)) == 0


def test_schemes_have_their_shares() -> None:
    """KP2MI to 1 November 2025: 78 % P-to-P, 2.7 % G-to-G of placements; within 6 and 2.5 points."""
    found = _shares(
        data["scheme"]
        for data in large().of("epmi_issued")
        if ("position" not in data and "p3mi_ref" in data) or data["scheme"] != "P_TO_P"
    )
    assert found["P_TO_P"] == pytest.approx(78, abs=6)
    assert found["G_TO_G"] == pytest.approx(2.7, abs=2.5)


def test_refusals_have_their_reasons() -> None:
    """Karawang 2025: 48.9 % duplicate, 35.9 % incomplete, 6.1 % suspected work; within 20 points at this size (some 60 cases)."""
    reasons = [data["reason_code"] for kind in ("deferred", "refused") for data in _ordinary_refusals(kind)]
    found = _shares(reasons)
    assert found["DUPLICATE"] == pytest.approx(48.9, abs=20)
    assert found["INCOMPLETE"] == pytest.approx(35.9, abs=20)
    assert found.get("CPMI_NP", 0.0) < 16


def _ordinary_refusals(kind: str) -> list[dict[str, str]]:
    return [
        event["data"]
        for event in large().events
        if event["type"] == f"passport_application_{kind}" and event["recorded_at"] >= "2026-03-02"
    ]


def test_passports_are_asked_for_as_often_as_in_the_nation() -> None:
    """5 M a year: 13,700 a day, on workdays; within 12 %."""
    asked = sum(
        event["type"] == "passport_application_submitted" and event["recorded_at"] >= "2026-03-02"
        for event in large().events
    )
    assert asked == pytest.approx(0.1 * 3 * NATION.passports_a_day * 7 / 5, rel=0.12)


def test_officers_put_off_about_one_in_a_thousand() -> None:
    """0.13 % by the domain's figures; 4 to 24 parties of some 9,000 people. A group is put off together."""
    told = [event for event in large().events if event["type"] == "departure_deferred"]
    deferred = [event["data"] for event in told if event["time"] >= "2026-03-02"]
    parties = {data.get("group_ref", data["notice_no"]) for data in deferred}
    assert 4 <= len(parties) <= 24
    assert Counter(data["reason_code"] for data in deferred).most_common(1)[0][0] == "CPMI_NP"


def test_carriers_announce_air_passengers_and_few_others() -> None:
    """About nine in ten at airports, one in ten at sea."""
    announced = {pax["passport_no"] for data in large().of("manifest_received") for pax in data["passengers"]}
    attempts = large().of("crossing_attempted")
    air = [data["passport_no"] in announced for data in attempts if data["checkpoint"][0] == "A"]
    sea = [data["passport_no"] in announced for data in attempts if data["checkpoint"][0] == "S"]
    assert 0.85 < sum(air) / len(air) < 0.99
    assert sum(sea) / len(sea) < 0.25


def test_most_come_back() -> None:
    """In a nation at rest, entries are as many as departures, but for those who settle, work or study; within 15 %."""
    entries = sum(event["type"] == "entry_cleared" and event["recorded_at"] >= "2026-03-02" for event in large().events)
    assert entries == pytest.approx(0.86 * len(seen()), rel=0.15)


@pytest.mark.drills
@pytest.mark.timeout(900)
def test_the_whole_nation_on_one_day() -> None:
    """The same shares without the noise of a sample: 8 % of each share and half a point for groups of pilgrims, and 2 in 1,000 trafficked, who leave in groups: 30 to 90 on a day."""
    known = [line.text for line in lines(plan(scale=1.0, seed=3)) if line.truth]
    at = [one for one in map(msgspec.json.Decoder(Departure).decode, known) if one.crossing_id is not None]
    total = sum(one.share for one in NATION.checkpoints.values())
    shares = _shares(one.checkpoint or "" for one in at)
    for code, place in NATION.checkpoints.items():
        assert shares.get(code, 0.0) == pytest.approx(100 * place.share / total, rel=0.08, abs=0.5), code
    kinds = _shares(one.traveller.value for one in at)
    assert 0.08 < kinds[Traveller.TRAFFICKED] < 0.32
    assert 0.3 < kinds[Traveller.WORKER_WITHOUT_PAPERS] < 0.55
