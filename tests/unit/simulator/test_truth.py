"""The truth: one line for each departure, and nothing of it in what agencies say."""

from collections import Counter, defaultdict
from typing import Any

import msgspec

from schemas.truth import Traveller
from streams.simulator.nation import load
from tests.unit.simulator.nations import large


def test_every_attempt_has_its_truth_and_the_other_way_round() -> None:
    attempts = {data["crossing_id"]: data for data in large().of("crossing_attempted")}
    known = {one.crossing_id: one for one in large().departures if one.crossing_id is not None}
    assert attempts.keys() == known.keys()
    at = {
        event["data"]["crossing_id"]: event["time"] for event in large().events if event["type"] == "crossing_attempted"
    }
    for crossing, one in known.items():
        assert (one.checkpoint, one.at.isoformat()) == (attempts[crossing]["checkpoint"], at[crossing])


def test_agencies_know_nothing_of_it() -> None:
    text = b"\n".join(msgspec.json.encode(event) for event in large().events)
    secrets = {one.modus for one in large().departures} | {one.innocent for one in large().departures}
    secrets |= {one.network for one in large().departures} | set(load().modi)
    told = [secret for secret in secrets if secret and f'"{secret}"'.encode() in text]
    assert told == []
    assert b"TRAFFICKED" not in text
    assert b"religion" not in text


def test_only_the_trafficked_have_a_modus_and_all_of_them_have_one() -> None:
    for one in large().departures:
        assert (one.modus is not None) is (one.traveller is Traveller.TRAFFICKED or one.modus == "escort")
        assert one.at_risk is (one.traveller is Traveller.TRAFFICKED)
        assert not (one.at_risk and one.innocent)


def test_many_of_the_trafficked_leave_no_trace_in_forms_and_bookings() -> None:
    """Honest odds: neither none nor all of them stand on a booking or a form with others of their network."""
    victims = {one.crossing_id: one for one in large().departures if one.at_risk and one.crossing_id}
    helped = {data["nik"] for data in large().of("passport_application_submitted") if "helper_phone" in data}
    niks = {data["passport_no"]: data["nik"] for data in large().of("passport_issued")}
    attempts = [data for data in large().of("crossing_attempted") if data["crossing_id"] in victims]
    bookings = Counter(data.get("booking_ref") for data in attempts)
    traced = [
        niks[data["passport_no"]] in helped or (bool(data.get("booking_ref")) and bookings[data["booking_ref"]] > 1)
        for data in attempts
    ]
    assert 0 < sum(traced) < len(traced)


def _announced() -> list[dict[str, Any]]:
    """Passengers as carriers tell them."""
    return [passenger for data in large().of("manifest_received") for passenger in data["passengers"]]


def test_one_hand_buys_for_a_network_and_agencies_buy_for_many_more() -> None:
    """Whoever pays for several unrelated parties is mostly an agency or an employer."""
    attempts = {data["crossing_id"]: data["passport_no"] for data in large().of("crossing_attempted")}
    victims = {attempts[one.crossing_id] for one in large().departures if one.at_risk and one.crossing_id}
    paid: defaultdict[str, set[str]] = defaultdict(set)
    for passenger in _announced():
        if "payer_ref" in passenger:
            paid[passenger["payer_ref"]].add(passenger["passport_no"])
    shared = [people for people in paid.values() if len(people) >= 3]
    of_networks = [people for people in shared if len(people & victims) >= 2]
    assert of_networks
    assert len(of_networks) < len(shared) / 10
    own = [passenger for passenger in _announced() if "phone" in passenger and passenger["passport_no"] not in victims]
    assert len(own) > len(_announced()) / 2


def test_who_was_put_off_comes_again_and_some_by_another_way() -> None:
    """Deferrals are on record before the first day; in the simulated days the same passports are presented once more."""
    earlier = {data["passport_no"]: data["checkpoint"] for data in large().of("departure_deferred")}
    again = [
        data["checkpoint"] == earlier[data["passport_no"]]
        for data in large().of("crossing_attempted")
        if data["passport_no"] in earlier and data["crossing_id"] not in _put_off()
    ]
    assert any(again)
    assert not all(again)


def _put_off() -> set[str]:
    return {data["crossing_id"] for data in large().of("departure_deferred")}


def test_harmless_people_look_like_others() -> None:
    found = Counter(one.innocent for one in large().departures if one.innocent)
    expected = {
        "tour_group_one_booking",
        "open_trip",
        "umrah_alone",
        "family_in_gulf",
        "on_leave_with_epmi",
        "cheap_way_to_singapore",
        "mekong_holiday",
        "name_grown_for_umrah",
        "lost_and_replaced",
        "child_with_relative",
    }
    assert expected <= found.keys()


def test_a_group_of_a_network_leaves_at_the_same_place_and_hour() -> None:
    groups = defaultdict(list)
    for one in large().departures:
        if one.at_risk and one.network:
            groups[(one.network, one.at.date())].append(one)
    together = [group for group in groups.values() if len(group) > 1]
    assert together
    same = [max(one.at for one in group) - min(one.at for one in group) for group in together]
    assert sum(span.total_seconds() < 3 * 3600 for span in same) > len(same) / 2


def test_minors_made_grown_up_are_children_in_the_registry() -> None:
    modi = load().modi["age_made_to_fit"]
    assert modi.ages[1] < 18
    children = {one.person for one in large().departures if one.modus == "age_made_to_fit"}
    assert all(one.age < 18 for one in large().departures if one.person in children)
