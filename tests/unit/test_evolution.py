"""The contract that was released holds: what would break somebody is named by type and field, and what would not passes."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schemas.documents import FOLDER, RELEASED, documents
from schemas.evolution import breaks
from schemas.wire import SCHEMA_VERSION

Document = dict[str, Any]
Documents = dict[str, Document]
CROSSING, ALERT, MANIFEST = "simkim/crossing_attempted.json", "suar/alert.json", "simkim/manifest_received.json"

CURRENT: Documents = {path: json.loads(text) for path, text in documents().items()}


def released(version: Path) -> Documents:
    return {file.relative_to(version).as_posix(): json.loads(file.read_text()) for file in version.rglob("*.json")}


def newest() -> Path:
    """Of the contracts under this `schema_version`; a new one begins with a contract of its own."""
    versions = [one for one in (FOLDER / RELEASED).iterdir() if one.name.startswith(f"{SCHEMA_VERSION}.")]
    assert versions, f"no contract {SCHEMA_VERSION}.x.y is kept in {RELEASED}: copy the documents when it is released"
    return max(versions, key=lambda one: [int(number) for number in one.name.split(".")])


def test_whoever_speaks_by_the_released_contract_is_understood() -> None:
    found = breaks(released(newest()), CURRENT)
    assert [str(one) for one in found] == [], "a breaking change wants a new schema_version"


def test_the_same_contract_breaks_nothing() -> None:
    assert breaks(CURRENT, CURRENT) == []


def after(path: str, change: Callable[[Document], object]) -> list[str]:
    """What is breaking when only this is changed."""
    changed = copy.deepcopy(CURRENT)
    change(changed[path])
    return [str(one) for one in breaks(CURRENT, changed)]


def data(document: Document) -> Document:
    """The event's own part: its definition with its properties."""
    found: Document = document["$defs"]["CrossingAttempted"]
    return found


def put(*steps: str, value: object) -> Callable[[Document], None]:
    """Sets something in the event's own part."""

    def change(document: Document) -> None:
        place: Any = data(document)
        for step in steps[:-1]:
            place = place[int(step)] if isinstance(place, list) else place[step]
        place[steps[-1]] = value

    return change


def drop(*steps: str) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        place: Any = data(document)
        for step in steps[:-1]:
            place = place[step]
        del place[steps[-1]]

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(drop("properties", "onward"), "data.onward: was removed", id="a field removed"),
        pytest.param(
            lambda one: data(one)["required"].append("onward"),
            "data.onward: is required now",
            id="optional, now required",
        ),
        pytest.param(
            put("properties", "passport_no", "pattern", value="^[A-Z][0-9]{7}$"),
            "data.passport_no: pattern is another, and may be narrower",
            id="another pattern",
        ),
        pytest.param(
            put("properties", "booking_ref", "anyOf", "0", "maxLength", value=32),
            "data.booking_ref: maxLength is narrower",
            id="shorter",
        ),
        pytest.param(
            put("properties", "booking_ref", "anyOf", "0", "minLength", value=2),
            "data.booking_ref: minLength is narrower",
            id="not so short",
        ),
        pytest.param(
            put("properties", "group_size", "anyOf", "0", "minimum", value=1),
            "data.group_size: minimum is narrower",
            id="not so small",
        ),
        pytest.param(
            put("properties", "crossing_id", "maxLength", value=64),
            "data.crossing_id: maxLength is narrower",
            id="a bound where there was none",
        ),
        pytest.param(
            put("properties", "crossing_id", "type", value="integer"),
            "data.crossing_id: no longer takes string",
            id="another type",
        ),
        pytest.param(
            put("properties", "onward", value={"pattern": "^[A-Z]{3}$", "type": "string", "default": None}),
            "data.onward: no longer takes null",
            id="null no longer",
        ),
        pytest.param(
            put("properties", "return_booked", "anyOf", "0", "type", value="string"),
            "data.return_booked: no longer takes boolean",
            id="another type of what may be null",
        ),
        pytest.param(
            lambda one: one["$defs"]["Lane"]["x-known-values"].remove("AUTOGATE"),
            "data.lane: no longer knows AUTOGATE",
            id="a code forgotten",
        ),
        pytest.param(
            lambda one: one["$defs"]["Lane"].update(enum=["COUNTER"]),
            "data.lane: is a closed list now",
            id="codes closed",
        ),
        pytest.param(
            put("properties", "document_type", "default", value="SPLP"),
            "data.document_type: means something else when it is left out",
            id="another default",
        ),
        pytest.param(
            lambda one: one["properties"]["schema_version"].update(const=2),
            "schema_version: no longer takes 1",
            id="the envelope is compared as well",
        ),
        pytest.param(
            lambda one: one["properties"]["id"]["not"].update(pattern="x"),
            "id: not is another, and may be narrower",
            id="another exclusion",
        ),
    ],
)
def test_an_agency_would_be_refused(change: Callable[[Document], object], said: str) -> None:
    assert f"{CROSSING} {said}" in after(CROSSING, change)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(put("properties", "gate_no", value={"type": "string", "maxLength": 8}), id="a new optional field"),
        pytest.param(lambda one: data(one)["required"].remove("lane"), id="required no longer"),
        pytest.param(lambda one: one["$defs"]["Lane"]["x-known-values"].append("KIOSK"), id="a new code"),
        pytest.param(drop("properties", "passport_no", "pattern"), id="no pattern any more"),
        pytest.param(put("properties", "booking_ref", "anyOf", "0", "maxLength", value=128), id="longer"),
        pytest.param(
            put("properties", "checkpoint", value={"anyOf": [{"pattern": "^[ASL]-[A-Z]{3}$", "type": "string"}, {"type": "null"}]}),
            id="null as well",
        ),
        pytest.param(put("properties", "group_size", "anyOf", "0", "type", value="number"), id="every number"),
        pytest.param(put("properties", "passport_no", "description", value="As printed."), id="words"),
        pytest.param(lambda one: data(one).update(additionalProperties=True), id="unknown fields"),
    ],
)  # fmt: skip
def test_an_agency_need_not_know(change: Callable[[Document], object]) -> None:
    assert after(CROSSING, change) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(lambda one: one["properties"].pop("severity"), "severity: was removed", id="a field removed"),
        pytest.param(
            lambda one: one["required"].remove("severity"), "severity: may be missing now", id="may be missing"
        ),
        pytest.param(
            lambda one: one["properties"].update(place={"type": ["string", "null"]}),
            "place: may be null now",
            id="null",
        ),
        pytest.param(
            lambda one: one["$defs"]["Evidence"]["properties"]["at"].pop("format"),
            "evidence.[].at: format is another, and may be wider",
            id="deep inside",
        ),
        pytest.param(
            lambda one: one["$defs"]["Confidence"].pop("enum"),
            "confidence: is no closed list any more",
            id="codes open",
        ),
    ],
)
def test_a_reader_would_not_understand(change: Callable[[Document], object], said: str) -> None:
    assert f"{ALERT} {said}" in after(ALERT, change)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda one: one["properties"].update(mood={"type": "string"}), id="a new field"),
        pytest.param(lambda one: one["required"].append("members"), id="always there"),
        pytest.param(lambda one: one["$defs"]["Confidence"]["enum"].append("HALF"), id="a new code"),
    ],
)
def test_a_reader_passes_it_over(change: Callable[[Document], object]) -> None:
    assert after(ALERT, change) == []


def test_an_event_type_that_is_gone_is_named() -> None:
    changed = {path: document for path, document in CURRENT.items() if path != CROSSING}
    assert [str(one) for one in breaks(CURRENT, changed)] == [f"{CROSSING}: was removed"]
    assert breaks(changed, CURRENT) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda one: one["channels"].pop("simkim.crossings"), "simkim.crossings: topic was removed"),
        (
            lambda one: one["channels"]["simkim.crossings"]["messages"].pop("crossing_attempted"),
            "simkim.crossings: no longer carries crossing_attempted",
        ),
        (
            lambda one: one["channels"]["simkim.crossings"]["bindings"]["kafka"].update(partitions=6),
            "simkim.crossings: has another number of partitions",
        ),
    ],
)
def test_topics_stay_where_they_are(change: Callable[[Document], object], said: str) -> None:
    assert after("asyncapi.json", change) == [f"asyncapi.json {said}"]


def test_passengers_of_a_manifest_are_compared() -> None:
    def shorter(document: Document) -> None:
        document["$defs"]["Passenger"]["properties"].pop("entry_ref")

    assert after(MANIFEST, shorter) == [f"{MANIFEST} data.passengers.[].entry_ref: was removed"]


def test_a_word_that_cannot_be_compared_is_an_error() -> None:
    with pytest.raises(ValueError, match="multipleOf"):
        after(CROSSING, put("properties", "passport_no", "multipleOf", value=2))
