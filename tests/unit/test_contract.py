"""The contract: what is published is what is read, and nothing else is let in."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator  # type: ignore[import-untyped]  # the lock has no stubs
from pydantic import StringConstraints, ValidationError

from schemas import documents
from schemas.envelope import Code, Contract, Event, Instant, System
from schemas.events import EVENTS, MODELS, by_name
from schemas.heartbeat import FeedHeartbeat
from schemas.identity import Identifies, KkNo, Nik, PassportNo, Private, Sketched
from schemas.topics import AGENCY_TOPICS, BY_NAME, HEARTBEAT, TOPICS
from schemas.wire import Admitted, BadRecord, Heartbeat, Reason, admit
from tests.examples import everything, example, hints, kinds, message

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
KEY = b"only for tests: thirty-two bytes"
TOPIC_OF = {(topic.system, event): topic for topic in AGENCY_TOPICS for event in topic.events}
ASYNCAPI_SCHEMA = Path(__file__).parents[1] / "data" / "asyncapi-3.0.0.json"


def _name(event: type[Contract]) -> str:
    return f"{event.system}.{event.type}" if issubclass(event, Event) else event.__name__


each_event = pytest.mark.parametrize("event", EVENTS, ids=_name)
GENERATED: dict[str, Any] = {path: json.loads(text) for path, text in documents.documents().items()}
ASYNCAPI = GENERATED["asyncapi.json"]


def _published(event: type[Event]) -> Draft202012Validator:
    return Draft202012Validator(GENERATED[f"{event.system}/{event.type}.json"])


def _read(event: type[Contract], data: object) -> Contract:
    return event.model_validate_json(json.dumps(data), strict=True)


def _fields(*wanted: object) -> list[Any]:
    """Each (event, field) whose type is one of `wanted`; `Code` stands for every list of codes."""
    return [
        pytest.param(event, name, id=f"{_name(event)}.{name}")
        for event in EVENTS
        for name, hint in hints(event).items()
        if any(kind in wanted or (Code in wanted and _is_code(kind)) for kind in kinds(hint))
    ]


def _is_code(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Code)


# What is published


def test_the_files_are_what_the_models_say() -> None:
    changed = documents.drift()
    assert not changed, f"run `{documents.COMMAND}`: {', '.join(changed)}"


def test_writing_repairs_every_kind_of_drift(tmp_path: Path) -> None:
    documents.write(tmp_path)
    (tmp_path / "polri" / "recruiter_listed.json").unlink()
    (tmp_path / "asyncapi.json").write_text("{}")
    (tmp_path / "polri" / "forgotten.json").write_text("{}")

    assert documents.drift(tmp_path) == [
        "asyncapi.json: differs",
        "polri/forgotten.json: no model",
        "polri/recruiter_listed.json: missing",
    ]
    documents.write(tmp_path)
    assert documents.drift(tmp_path) == []


@pytest.mark.parametrize("path", [path for path in GENERATED if path != "asyncapi.json"])
def test_a_generated_schema_is_a_schema(path: str) -> None:
    Draft202012Validator.check_schema(GENERATED[path])


def test_br098_the_asyncapi_document_is_one() -> None:
    official = Draft7Validator(json.loads(ASYNCAPI_SCHEMA.read_text()))

    assert [error.json_path for error in official.iter_errors(ASYNCAPI)] == []
    assert not official.is_valid({**ASYNCAPI, "channels": {"a": {"no_such_attribute": 1}}})


def test_every_agencys_topics_name_its_data_sharing_agreement() -> None:
    named = {name: channel.get("x-data-sharing-agreement") for name, channel in ASYNCAPI["channels"].items()}
    assert {named[topic.name] for topic in AGENCY_TOPICS} == {f"suar-dsa-{system.value}" for system in System}
    assert not [name for name, agreement in named.items() if agreement and BY_NAME[name].system is None]


def test_br098_every_message_is_in_the_asyncapi_document() -> None:
    messages = ASYNCAPI["components"]["messages"]
    expected = {_name(event) for event in EVENTS} | {f"{system}.{HEARTBEAT}" for system in System}

    assert set(messages) == expected | {"suar.alert", "suar.screening", "suar.shadowed", "suar.area_count"}
    assert {m["payload"]["schema"]["$ref"].removeprefix("./") for m in messages.values()} == set(GENERATED) - {
        "asyncapi.json"
    }


def test_every_topic_is_a_channel_and_every_message_travels_on_one() -> None:
    channels = ASYNCAPI["channels"]
    carried = [ref["$ref"].rpartition("/")[2] for channel in channels.values() for ref in channel["messages"].values()]

    assert set(channels) == {topic.name for topic in TOPICS}
    assert set(carried) == set(ASYNCAPI["components"]["messages"])
    assert sorted(name for name in carried if not name.endswith(HEARTBEAT)) == sorted(set(carried) - _heartbeats())


def _heartbeats() -> set[str]:
    return {f"{system}.{HEARTBEAT}" for system in System}


# The registry and the models


def test_a_name_belongs_to_one_model() -> None:
    twin = type("Twin", (EVENTS[0],), {"__doc__": "The same name again."})

    assert list(MODELS.values()) == list(EVENTS)
    with pytest.raises(TypeError, match="simkim/passport_application_submitted is defined twice"):
        by_name([*EVENTS, twin])


@each_event
def test_an_event_says_what_happened_and_whom_it_concerns(event: type[Event]) -> None:
    assert event.__doc__ != event.__base__.__doc__, "a docstring of its own"
    for field in event.addressed_to:
        marks = [mark for kind in kinds(hints(event)[field]) for mark in kind.__metadata__]  # type: ignore[attr-defined]  # Annotated
        assert field == "subject" or any(isinstance(mark, Identifies) and mark.subject for mark in marks)


@each_event
def test_there_is_no_room_for_prose(event: type[Contract]) -> None:
    for name, hint in hints(event).items():
        for kind in kinds(hint):
            if isinstance(kind, type) and issubclass(kind, Contract):
                test_there_is_no_room_for_prose(kind)
            elif kind is str or get_args(kind)[:1] == (str,):
                assert _bounded(kind), f"{name} is free text"
            else:
                assert kind not in {int, float, object}, f"{name} is wide enough for an identifier"


def _bounded(kind: object) -> bool:
    marks = getattr(kind, "__metadata__", ())
    shaped = any(isinstance(mark, StringConstraints) and mark.pattern for mark in marks)
    return shaped or any(isinstance(mark, Identifies | Private | Sketched) for mark in marks)


# What is read


@each_event
def test_an_example_is_admitted_and_matches_what_is_published(event: type[Event]) -> None:
    sent = message(event, example(event))
    outcome = admit(json.dumps(sent).encode(), topic=TOPIC_OF[event.system, event.type], at=NOW, now=NOW, key=KEY)

    assert isinstance(outcome, Admitted)
    assert outcome.notes
    _published(event).validate(sent)


@pytest.mark.parametrize("topic", AGENCY_TOPICS, ids=lambda topic: topic.name)
def test_a_heartbeat_is_read_on_every_agency_topic(topic: Any) -> None:
    beat = {"complete_up_to": "2026-11-20T03:00:00Z"}
    sent = {**message(EVENTS[0], beat), "source": topic.system.value, "type": HEARTBEAT}

    assert isinstance(admit(json.dumps(sent).encode(), topic=topic, at=NOW, now=NOW, key=KEY), Heartbeat)
    Draft202012Validator(GENERATED[f"{topic.system}/{HEARTBEAT}.json"]).validate(sent)


@pytest.mark.parametrize("event", [*EVENTS, FeedHeartbeat], ids=_name)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(draw=st.data())
def test_whatever_the_contract_allows_survives_a_round_trip(event: type[Contract], draw: st.DataObject) -> None:
    data = draw.draw(everything(event))
    once = _read(event, data)

    assert event.model_validate_json(once.model_dump_json(), strict=True) == once
    if issubclass(event, Event):
        _published(event).validate(message(event, data))


@each_event
def test_an_unknown_field_is_refused(event: type[Event]) -> None:
    data = example(event, no_such_field="x")

    with pytest.raises(ValidationError, match="no_such_field"):
        _read(event, data)
    assert not _published(event).is_valid(message(event, data))


@pytest.mark.parametrize("attributes", [{"no_such_attribute": 1}, {"source": "elsewhere"}, {"id": "9901014506900001"}])
def test_an_envelope_that_is_refused_is_not_what_is_published(attributes: dict[str, object]) -> None:
    event = EVENTS[0]
    sent = message(event, example(event), **attributes)

    with pytest.raises(BadRecord):
        admit(json.dumps(sent).encode(), topic=TOPIC_OF[event.system, event.type], at=NOW, now=NOW, key=KEY)
    assert not _published(event).is_valid(sent)


@pytest.mark.parametrize(("event", "field"), _fields(Code))
def test_a_code_of_tomorrow_is_unknown_and_not_an_error(event: type[Event], field: str) -> None:
    data = example(event, **{field: "A_CODE_OF_TOMORROW"})

    assert getattr(_read(event, data), field).value == "UNKNOWN"
    _published(event).validate(message(event, data))


@pytest.mark.parametrize(("event", "field"), _fields(Instant))
def test_a_time_without_its_offset_is_refused(event: type[Event], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        _read(event, example(event, **{field: "2026-11-20T03:00:00"}))

    assert [error["type"] for error in refused.value.errors()] == ["timezone_aware"]


@pytest.mark.parametrize(("event", "field"), _fields(Nik))
def test_a_nik_as_a_number_is_refused_without_being_shown(event: type[Event], field: str) -> None:
    data = example(event, **{field: 9901014506900001})

    with pytest.raises(ValidationError) as refused:
        _read(event, data)
    assert "9901" not in str(refused.value)
    assert not any(c.isdigit() for e in refused.value.errors(include_url=False, include_input=False) for c in e["msg"])
    assert not _published(event).is_valid(message(event, data))


@pytest.mark.parametrize(("event", "field"), _fields(Nik, KkNo, PassportNo))
def test_a_number_of_the_wrong_shape_is_refused_and_published_as_such(event: type[Event], field: str) -> None:
    data = example(event, **{field: "99010"})

    with pytest.raises(ValidationError, match="pattern"):
        _read(event, data)
    assert not _published(event).is_valid(message(event, data))


def test_a_document_number_is_read_as_readers_scan_it() -> None:
    event = MODELS[System.SIMKIM, "crossing_cleared"]

    scanned = _read(event, example(event, passport_no="x 990-0001<"))
    assert scanned == _read(event, example(event, passport_no="X9900001"))


def test_a_nik_as_a_number_is_rejected_at_the_edge_by_name_only() -> None:
    event = MODELS[System.SISKOP2MI, "epmi_issued"]
    sent = json.dumps(message(event, example(event, nik=9901014506900001))).encode()

    with pytest.raises(BadRecord) as refused:
        admit(sent, topic=TOPIC_OF[event.system, event.type], at=NOW, now=NOW, key=KEY)
    assert (refused.value.reason, str(refused.value)) == (Reason.NIK_NOT_TEXT, "nik_not_text at nik")


def test_a_deferral_names_its_legal_ground() -> None:
    event = MODELS[System.CHECKPOINT, "outcome_recorded"]

    with pytest.raises(ValidationError, match="a deferral needs a ground_code"):
        _read(event, example(event, outcome="DEFERRED"))
    _read(event, example(event, outcome="DEFERRED", ground_code="HAJJ"))
