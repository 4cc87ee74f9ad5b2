"""The procedure: whole in both languages, kind, immutable; and what of it goes with an alert, by when."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from pydantic import ValidationError

from agents.sop import Occasion, attach, deadlines, situation
from schemas.alerts import Alert, Family, Role, Severity, State, TriggerKind
from schemas.codes import Purpose
from schemas.outcomes import GroundCode, Outcome
from schemas.simkim_passports import InterviewOutcome
from schemas.sop import Sop, sentences, unkind
from schemas.sop_parts import PLACES, Checklist, Level, RightsNotice, Situation
from streams.sop import PUBLISHED, SopError, load
from tests.stories.play import FOLDER, POLICY, ROOT, play, read

SHIPPED = ROOT / "deploy" / "sop" / "2026-11.toml"
TEXT = SHIPPED.read_text()
SOP = load(SHIPPED)
NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
LONGEST_SENTENCE = 22
"""Words. Reading level B1: one thought a sentence."""


def _minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


# The shipped version


@pytest.mark.parametrize(
    ("codes", "rows"),
    [
        (Outcome, [row.code for row in SOP.outcomes]),
        (GroundCode, [row.code for row in SOP.grounds]),
        (InterviewOutcome, [row.code for row in SOP.interview_outcomes]),
        (Family, [row.code for row in SOP.evidence_classes]),
        (Level, [row.id for row in SOP.levels]),
        (Purpose, [purpose for one in SOP.questions for purpose in one.purposes]),
        (PLACES, [place for one in SOP.rights for place in one.situations]),
    ],
)
def test_one_row_for_every_code(codes: list[str], rows: list[str]) -> None:
    """No outcome without its meaning, no ground without its law, no purpose without its questions."""
    assert sorted(rows) == sorted(codes)


@pytest.mark.parametrize(("place", "text"), list(sentences(SOP)), ids=[place for place, _ in sentences(SOP)])
def test_sentences_are_short_kind_and_in_two_languages(place: str, text: object) -> None:
    """Whoever is afraid, tired or reads little understands them."""
    assert text.id != text.en or len(text.id.split()) <= 3, f"{place} is not translated"  # type: ignore[attr-defined]  # Text
    for sentence in (text.id, text.en):  # type: ignore[attr-defined]  # Text
        assert max(len(one.split()) for one in re.split(r"[.?!:;]\s", sentence)) <= LONGEST_SENTENCE
        assert unkind(sentence) == []


def test_every_ground_names_its_article() -> None:
    """An officer who defers somebody can say which law, and the notice prints it."""
    assert all(re.search(r"\d+/\d{4}", row.law) for row in SOP.grounds)


def test_the_checklist_keeps_its_order() -> None:
    """A child waits for nobody, companions are apart before the first question, and nobody is accused."""
    found = SOP.find("checklist/secondary-inspection")
    assert isinstance(found, Checklist)
    steps = [line.id for line in found.steps]
    wanted = [
        "private",
        "seated",
        "water",
        "child-officer",
        "separate",
        "not-accused",
        "same-sex",
        "language",
        "family",
    ]
    wanted += ["documents", "phone", "time", "flight", "ask", "cleared", "deferred"]
    assert [step for step in steps if step in wanted] == wanted


@pytest.mark.parametrize("notice", [one for one in SOP.rights if Situation.OVERSIGHT not in one.situations])
def test_a_notice_says_where_to_complain_and_that_it_is_free(notice: RightsNotice) -> None:
    for channel in ("Ombudsman", "LAPOR!", "BP3MI"):
        assert channel in notice.complain.id
        assert channel in notice.complain.en
    assert "gratis" in notice.fee.id
    assert "free" in notice.fee.en


def test_the_numbers_of_time_are_those_of_the_procedure() -> None:
    lengths = {level.id: level.length for level in SOP.levels}
    assert lengths[Level.ALERT_SHOWN] == timedelta(seconds=2)
    assert lengths[Level.SECONDARY_STARTS] == _minutes(5)
    assert lengths[Level.DECISION] == _minutes(45)
    assert lengths[Level.DECISION_BEFORE_DOOR] == _minutes(20)
    assert lengths[Level.CORRECTION] == timedelta(days=3)
    assert SOP.level(Level.OUTCOME_RECORDED).share == 95
    assert SOP.acknowledged_within(Severity.CRITICAL) == _minutes(5)
    assert SOP.acknowledged_within(Severity.HIGH) == _minutes(30)
    assert SOP.acknowledged_within(Severity.MEDIUM) is None


def test_a_part_is_found_by_its_reference() -> None:
    """With this version or none; another version is another text."""
    for part in SOP.parts:
        assert SOP.find(SOP.reference(part)) is part
    assert SOP.find("rights/secondary-inspection") is SOP.find("rights/secondary-inspection@2026-11")
    assert SOP.find("rights/secondary-inspection@2025-01") is None
    assert SOP.find("rights/nothing") is None


# What is refused


@pytest.mark.parametrize(
    "sentence",
    [
        "Tolak orang ini.",
        "Penumpang ditolak.",
        "Melarang berangkat",
        "BLOKIR",
        "Tahan paspornya",
        "Cekal dia",
        "usir",
        "Deny boarding.",
        "refused exit",
        "Block the gate",
        "an illegal worker",
        "blacklist",
        "He is banned",
        "Detain her",
    ],
)
def test_words_that_turn_people_away(sentence: str) -> None:
    assert unkind(sentence)


@pytest.mark.parametrize(
    "sentence", ["Anda tidak ditahan.", "Bertahan sebentar.", "You are not detained.", "urban", "banyak", "a blockage"]
)
def test_words_that_do_not(sentence: str) -> None:
    assert unkind(sentence) == []


def without_block(text: str, begin: str) -> str:
    """The table without the entry that holds `begin`."""
    header, _, rest = text.partition(begin)
    return header[: header.rindex("[[")] + rest[rest.index("\n[") + 1 :]


BAD: list[tuple[str, str, str]] = [
    ("a language is missing", TEXT.replace(', en = "Tourism"', ""), "questions.1.title.en: Field required"),
    ("a language is empty", TEXT.replace('en = "Tourism"', 'en = " "'), "questions.tourism.title.en is empty"),
    ("a ground is missing", without_block(TEXT, 'code = "HAJJ"'), "grounds lacks HAJJ"),
    ("an outcome is missing", without_block(TEXT, 'code = "CLEARED"'), "outcomes lacks CLEARED"),
    ("a level is missing", without_block(TEXT, 'id = "correction"'), "levels lacks correction"),
    ("a purpose has no questions", TEXT.replace('["MEDICAL"]', '["OTHER"]'), "questions.purposes lacks MEDICAL"),
    (
        "a purpose has two",
        TEXT.replace('["MEDICAL"]', '["MEDICAL", "WORK"]'),
        "questions.purposes: WORK more than once",
    ),
    ("a ground nobody knows", TEXT.replace('code = "HAJJ"', 'code = "HAJI"'), "ground/UNKNOWN more than once"),
    ("an id twice", TEXT.replace('id = "tourism"', 'id = "study"'), "questions/study more than once"),
    ("a line twice", TEXT.replace('id = "greeting"', 'id = "form"'), "questions/opening: form more than once"),
    ("an id with a blank", TEXT.replace('id = "tourism"', 'id = "to urism"'), "questions.1.id"),
    ("a level of nothing", TEXT.replace("amount = 45", "amount = 0"), "levels.2.amount"),
    ("a level below nothing", TEXT.replace("amount = 45", "amount = -45"), "levels.2.amount"),
    ("a situation without rights", TEXT.replace('["COUNTER", "SECONDARY"]\ntitle', '["COUNTER"]\ntitle'), "rights.sit"),
    (
        "a ground without its law",
        TEXT.replace('law = "UU 6/2011 Art. 16(1)(a)"\n', ""),
        "grounds.0.law: Field required",
    ),
    (
        "an order",
        TEXT.replace("Offer a seat. Sit down too.", "Detain."),
        "secondary-inspection.steps.seated.text.en says",
    ),
    ("an unknown table", TEXT + "\n[tariffs]\n", "tariffs"),
    ("no TOML at all", "version = \n", "line 1"),
    ("another name inside", TEXT.replace('version = "2026-11"', 'version = "2026-10"'), "named after its version"),
]


@pytest.mark.parametrize(("text", "place"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_a_bad_version_names_file_and_place_in_one_line(tmp_path: Path, text: str, place: str) -> None:
    """Whoever signs the procedure reads this message, not a trace."""
    path = tmp_path / "2026-12.toml"
    path.write_text(text if "2026-10" in text else text.replace('version = "2026-11"', 'version = "2026-12"'))
    with pytest.raises(SopError) as refused:
        load(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert place in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_version_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SopError, match=r"2027-01\.toml: No such file"):
        load(tmp_path / "2027-01.toml")


def test_a_published_version_never_changes(tmp_path: Path) -> None:
    """An alert of last year refers to the words that were said last year."""
    path = tmp_path / SHIPPED.name
    path.write_text(TEXT)
    path.with_name(PUBLISHED).write_text(SHIPPED.with_name(PUBLISHED).read_text())
    assert load(path) == SOP
    path.write_text(TEXT.replace("Tourism", "Holidays"))
    with pytest.raises(SopError, match="edited after it was published: copy it to a new version"):
        load(path)


def test_the_shipped_version_is_published() -> None:
    digest = hashlib.sha256(SHIPPED.read_bytes()).hexdigest()
    assert f"{digest}  {SHIPPED.name}" in SHIPPED.with_name(PUBLISHED).read_text().splitlines()


def test_the_policy_in_force_holds_it() -> None:
    assert POLICY.sop == SOP


# What goes with an alert

AT_THE_GATE = Occasion(TriggerKind.ATTEMPT, Severity.HIGH, frozenset({Role.SUPERVISOR}), NOW)


def _occasions() -> Iterator[Occasion]:
    roles = (frozenset({Role.COUNTER}), frozenset({Role.MISSION}), frozenset({Role.COORDINATOR}))
    for kind, severity, told, child, purpose in product(TriggerKind, Severity, roles, (False, True), (None, *Purpose)):
        yield Occasion(kind, severity, told, NOW, NOW + _minutes(90), child, purpose)


def test_every_occasion_has_a_procedure_that_exists() -> None:
    """Whatever the alert is about: a checklist, rights, somebody who helps, and deadlines that have not passed."""
    for occasion in _occasions():
        attached = attach(SOP, occasion)
        assert any(one.startswith("checklist/") for one in attached.sop)
        assert attached.referrals
        for reference in (attached.rights_notice, *attached.sop, *attached.referrals):
            assert reference.endswith("@2026-11")
            assert SOP.find(reference) is not None
        for deadline in (attached.decide_by, attached.acknowledge_by):
            assert deadline is None or deadline >= NOW


@pytest.mark.parametrize(
    ("occasion", "expected"),
    [
        (AT_THE_GATE, Situation.SECONDARY),
        (replace(AT_THE_GATE, severity=Severity.MEDIUM), Situation.COUNTER),
        (replace(AT_THE_GATE, roles=frozenset({Role.MISSION, Role.BP3MI})), Situation.DEPARTED),
        (replace(AT_THE_GATE, kind=TriggerKind.CLUSTER, roles=frozenset({Role.COORDINATOR})), Situation.DESK),
        (replace(AT_THE_GATE, kind=TriggerKind.MANIFEST), Situation.SECONDARY),
        (replace(AT_THE_GATE, kind=TriggerKind.APPLICATION), Situation.INTERVIEW),
        (replace(AT_THE_GATE, kind=TriggerKind.LOSS_REPORT), Situation.LOSS_REPORT),
        (replace(AT_THE_GATE, kind=TriggerKind.REGISTRY), Situation.DESK),
        (replace(AT_THE_GATE, kind=TriggerKind.COHORT), Situation.DEPARTED),
        (replace(AT_THE_GATE, kind=TriggerKind.OFFICER), Situation.OVERSIGHT),
    ],
)
def test_where_people_meet(occasion: Occasion, expected: Situation) -> None:
    assert situation(occasion) is expected


def test_secondary_inspection() -> None:
    attached = attach(SOP, AT_THE_GATE)
    assert attached.rights_notice == "rights/secondary-inspection@2026-11"
    assert attached.sop == ("checklist/secondary-inspection@2026-11", "questions/secondary@2026-11")
    assert "referral/bp3mi@2026-11" in attached.referrals
    assert "referral/child-protection@2026-11" not in attached.referrals


@pytest.mark.parametrize(
    ("purpose", "questions"),
    [(Purpose.STUDY, "study"), (Purpose.HAJJ, "umrah"), (Purpose.BUSINESS, "other"), (None, "other")],
)
def test_an_interview_asks_by_purpose(purpose: Purpose | None, questions: str) -> None:
    """The opening for all, and one set."""
    occasion = replace(AT_THE_GATE, kind=TriggerKind.APPLICATION, purpose=purpose)
    assert attach(SOP, occasion).sop == (
        "checklist/passport-interview@2026-11",
        "questions/opening@2026-11",
        f"questions/{questions}@2026-11",
    )


def test_a_child_is_protected_whatever_else() -> None:
    """At once, even when the alert itself is a mere prompt."""
    attached = attach(SOP, replace(AT_THE_GATE, severity=Severity.MEDIUM, child=True))
    assert attached.sop[:2] == ("checklist/counter-prompt@2026-11", "checklist/child@2026-11")
    assert "referral/child-protection@2026-11" in attached.referrals
    assert attached.acknowledge_by == NOW + _minutes(5)


@pytest.mark.parametrize(
    ("leaves", "decide"),
    [(None, 45), (180, 45), (66, 45), (65, 45), (64, 44), (30, 10), (20, 0), (5, 0)],
)
def test_a_decision_comes_in_time_for_the_door(leaves: float | None, decide: float) -> None:
    """45 minutes, less when the door closes sooner than 20 minutes after that; at once when it is nearly closed."""
    leaves_at = None if leaves is None else NOW + _minutes(leaves)
    assert attach(SOP, replace(AT_THE_GATE, leaves_at=leaves_at)).decide_by == NOW + _minutes(decide)


def test_nobody_waits_before_they_came() -> None:
    """Of a passenger who is only announced, the door is all that counts; a prompt or an interview holds nobody."""
    announced = replace(AT_THE_GATE, kind=TriggerKind.MANIFEST)
    assert attach(SOP, announced).decide_by is None
    assert attach(SOP, replace(announced, leaves_at=NOW + _minutes(180))).decide_by == NOW + _minutes(160)
    assert attach(SOP, replace(AT_THE_GATE, severity=Severity.MEDIUM)).decide_by is None
    assert attach(SOP, replace(AT_THE_GATE, kind=TriggerKind.APPLICATION)).decide_by is None
    assert attach(SOP, replace(AT_THE_GATE, roles=frozenset({Role.MISSION}))).decide_by is None


@pytest.mark.parametrize(
    ("severity", "minutes"),
    [(Severity.CRITICAL, 5), (Severity.HIGH, 30), (Severity.MEDIUM, None), (Severity.LOW, None)],
)
def test_acknowledgement_by_severity(severity: Severity, minutes: float | None) -> None:
    expected = None if minutes is None else NOW + _minutes(minutes)
    assert attach(SOP, replace(AT_THE_GATE, severity=severity)).acknowledge_by == expected


# Alerts


def _alert() -> Alert:
    return play(read(FOLDER / "work_visa_without_epmi_fires.yaml")).world.standing()["CR-1"]


def test_an_alert_carries_its_procedure() -> None:
    alert = _alert()
    assert alert.sop == ("checklist/secondary-inspection@2026-11", "questions/secondary@2026-11")
    assert alert.decide_by is not None
    assert alert.created_at < alert.decide_by <= alert.created_at + _minutes(45)
    assert alert.acknowledge_by == alert.created_at + _minutes(30)


@pytest.mark.parametrize("field", ["sop", "rights_notice", "decide_by", "acknowledge_by", "referrals"])
def test_an_alert_without_its_procedure_is_none(field: str) -> None:
    told = json.loads(_alert().model_dump_json())
    del told[field]
    with pytest.raises(ValidationError, match=field):
        Alert.model_validate_json(json.dumps(told))


def test_an_alert_with_an_empty_procedure_is_none() -> None:
    told = {**json.loads(_alert().model_dump_json()), "sop": []}
    with pytest.raises(ValidationError, match="sop"):
        Alert.model_validate_json(json.dumps(told))


def test_more_evidence_gives_nobody_more_time() -> None:
    """While an alert is open its deadlines only come nearer; raised anew, they begin anew."""
    last = _alert().model_copy(update={"decide_by": NOW, "acknowledge_by": NOW + _minutes(30)})
    fresh = last.model_copy(update={"decide_by": NOW + _minutes(9), "acknowledge_by": NOW + _minutes(5)})
    assert deadlines(last, fresh) == {"decide_by": NOW, "acknowledge_by": NOW + _minutes(5)}
    withdrawn = last.model_copy(update={"state": State.WITHDRAWN})
    for before in (None, withdrawn):
        assert deadlines(before, fresh) == {"decide_by": fresh.decide_by, "acknowledge_by": fresh.acknowledge_by}
    left = fresh.model_copy(update={"decide_by": None})
    assert deadlines(last, left)["decide_by"] is None


def test_a_sop_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        SOP.version = "2026-12"  # type: ignore[misc]  # that is the test
    assert isinstance(SOP, Sop)
