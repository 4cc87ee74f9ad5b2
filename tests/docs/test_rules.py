"""The rules as people read them: the page is the code's, no text turns anybody away, and what a card says is what the rule does."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain

import pytest
from typer.testing import CliRunner

from agents.cards import card, matters
from agents.case import Case
from agents.rules import RULES
from agents.rules.rule import Rule
from schemas.alerts import Severity, Text, TriggerKind
from schemas.policy import Policy, Thresholds, Windows
from schemas.sop import unkind
from streams.cli import whole
from streams.story_heads import about, heads
from tests.docs import cards
from tests.stories.play import POLICY, every, play, read

FINDINGS = [f"F{n}" for n in range(1, 9)] + [f"A{n}" for n in range(1, 9)] + [f"D{n}" for n in range(1, 5)]
"""Of the Ombudsman's study: findings, advice to agencies, and what the discussants asked for."""
FEWEST_QUESTIONS = 2
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)


def test_the_page_is_the_codes() -> None:
    assert cards.PAGE.read_text() == cards.rendered(), "run `python -m tests.docs`"


# Texts


def _texts(rule: Rule) -> Iterator[Text]:
    return chain([rule.why], rule.innocent, rule.clears, rule.questions)


_NEVER = re.compile(
    # the words of a decision that is not ours; "ditolak" and its kind are in `schemas.sop`
    r"\b(?:deny|tolak|blokir|illegal|ilegal"
    # what is never an input, alone or together
    r"|sex|gender|male|female|wom[ae]n|men|girls?|boys?|jenis kelamin|perempuan|laki-laki|wanita|pria"
    r"|religion|religious belief|muslim|christian|agama"
    r"|province|provinsi|ethnic\w*|tribe|suku"
    r"|school(?:ing|ed)|education|pendidikan"
    r"|married|unmarried|marital|widow\w*|status perkawinan|janda|duda"
    r"|poor|poverty|miskin|kemiskinan|unemployed|pengangguran"
    r"|first flight|penerbangan pertama|young (?:woman|man|adult)|age band|kelompok usia)\b",
    re.IGNORECASE,
)


_AFFIRMED = re.compile(r"\b(?:tidak|not|never|nobody is|no one is)\s+\w+", re.IGNORECASE)
"""What is not forbidden may be said so."""


@each_rule
def test_no_text_turns_anybody_away_or_speaks_of_what_somebody_is(rule: Rule) -> None:
    """Never an input: sex, age band, religion, province, schooling, marital state, first flight, poverty (domain 7)."""
    said = [sentence for text in _texts(rule) for sentence in (text.id, text.en)]
    assert [(found.group(), one) for one in said for found in _NEVER.finditer(one)] == []
    told = [_AFFIRMED.sub("", one) for text in (*rule.clears, *rule.questions) for one in (text.id, text.en)]
    assert [(word, one) for one in told for word in unkind(one)] == []


@each_rule
def test_every_rule_explains_itself_in_two_languages(rule: Rule) -> None:
    assert len(rule.questions) >= FEWEST_QUESTIONS
    assert all((rule.innocent, rule.clears, rule.grounds, rule.recipients))
    assert [text.en for text in _texts(rule) if text.id.strip() == text.en.strip() or not text.id.strip()] == []
    assert all("?" in text.id and "?" in text.en for text in rule.questions)


# Stories


@each_rule
def test_every_rule_has_a_story_in_which_it_speaks_and_one_in_which_it_is_quiet(rule: Rule) -> None:
    stories = about(rule.id)
    assert [head.name for head in stories if head.fires(rule.id)], "no story in which it speaks"
    assert [head.name for head in stories if head.quiet(rule.id)], "no story in which it is quiet"


@pytest.mark.parametrize("finding", FINDINGS)
def test_every_finding_is_answered_by_a_story(finding: str) -> None:
    assert [head.name for head in heads() if finding in head.findings]


def test_stories_name_findings_that_there_are() -> None:
    assert {name for head in heads() for name in head.findings} <= set(FINDINGS)


# Cards say what rules do


@dataclass(frozen=True)
class Seen:
    """What rules did in all stories: severities of their hits, and the windows and thresholds that they read."""

    severities: Mapping[str, set[Severity]]
    fields: Mapping[str, set[str]]


@cache
def _seen() -> Seen:
    """Every rule on every trigger of every dossier that a story leaves, under a policy that remembers what was read."""
    read_now: set[str] = set()

    class Remembering(Windows):
        def __getattribute__(self, name: str) -> object:
            if name in Windows.model_fields:
                read_now.add(f"windows.{name}")
            return super().__getattribute__(name)

    class Counting(Thresholds):
        def __getattribute__(self, name: str) -> object:
            if name in Thresholds.model_fields:
                read_now.add(f"thresholds.{name}")
            return super().__getattribute__(name)

    told: dict[str, object] = {
        "windows": Remembering.model_construct(**POLICY.windows.model_dump()),
        "thresholds": Counting.model_construct(**POLICY.thresholds.model_dump()),
    }
    policy = POLICY.model_copy(update=told)
    seen = Seen({rule.id: set() for rule in RULES}, {rule.id: set() for rule in RULES})
    for case in _cases():
        for trigger in case.triggers:
            for rule in RULES:
                if trigger.kind in rule.triggers:
                    read_now.clear()
                    hit = rule.judge(case, trigger, policy)
                    seen.fields[rule.id].update(read_now)
                    if hit is not None:
                        seen.severities[rule.id].add(hit.severity)
    return seen


def _cases() -> Iterator[Case]:
    for path in every():
        for dossier in play(read(path)).world.dossiers.values():
            if dossier.held:
                yield Case(dossier.subject, dossier.live(), dossier.epoch)


@each_rule
def test_a_card_says_how_grave_the_rule_can_be(rule: Rule) -> None:
    """A new rule gets its line in `agents/cards.py`."""
    severities, _ = matters(rule)
    assert severities, "no card says how grave it can be"
    assert list(severities) == sorted(severities)
    assert _seen().severities[rule.id] <= set(severities)


@each_rule
def test_a_card_names_every_window_and_threshold_that_the_rule_reads(rule: Rule) -> None:
    assert _seen().fields[rule.id] <= set(matters(rule)[1])


@each_rule
def test_a_card_follows_the_policy(rule: Rule) -> None:
    """Another number in the policy is another number on the card."""
    fields = [field for field in matters(rule)[1] if field.startswith("windows.")]
    before = {one.field: one.value.en for one in card(rule, POLICY).settings}
    longer = {name.partition(".")[2]: 4321 for name in fields}
    other = POLICY.model_copy(update={"windows": POLICY.windows.model_copy(update=longer)})
    after = {one.field: one.value.en for one in card(rule, other).settings}
    assert [field for field in fields if "4321" not in after[field]] == []
    assert {name: value for name, value in after.items() if name not in fields} == {
        name: value for name, value in before.items() if name not in fields
    }
    assert len(card(rule, POLICY).grounds) == len(rule.grounds)


def test_every_trigger_has_its_condition() -> None:
    rule = RULES[0]
    everything = Rule(**{**vars(rule), "triggers": frozenset(TriggerKind)})
    assert len(card(everything, POLICY).conditions) == len(TriggerKind) + 2


# The command


def test_the_command_lists_and_shows_and_helps_who_mistypes() -> None:
    run = CliRunner().invoke
    listed = run(whole(), ["rules", "list", "--lang", "en"])
    assert listed.exit_code == 0
    shown = run(whole(), ["rules", "show", "1", "--lang", "en"])
    assert "work_visa_without_epmi@3" in shown.output
    as_json = run(whole(), ["rules", "show", "work_visa_without_epmi@1", "--json"])
    assert '"number": 1' in as_json.output
    assert run(whole(), ["rules", "show", "nothing_of_the_kind"]).exit_code == 5


def test_policy_is_the_shipped_one() -> None:
    """Cards are drawn from the version that the settings name."""
    assert isinstance(POLICY, Policy)
    assert POLICY.version in cards.PAGE.read_text()
