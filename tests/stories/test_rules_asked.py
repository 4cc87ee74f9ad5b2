"""A rule that is not asked, for want of the facts that it reads, would have said nothing."""

from dataclasses import replace
from pathlib import Path

import pytest

from agents.assess import judge
from agents.case import Case
from agents.rules import RULES
from agents.things import Trigger
from tests.stories.play import Played, Story, every, play, read

ALL_ASKED = tuple(replace(rule, only_with=frozenset()) for rule in RULES)


def _cases(story: Story, played: Played) -> list[tuple[Case, Trigger]]:
    """Every trigger of every dossier, as the story left it."""
    cases = [
        Case(dossier.subject, dossier.live(), dossier.epoch, story.ends)
        for dossier in played.world.dossiers.values()
        if dossier.owner is None and dossier.area is None
    ]
    return [(case, trigger) for case in cases for trigger in case.triggers]


@pytest.mark.parametrize("path", every(), ids=lambda path: path.stem)
def test_a_rule_that_need_not_be_asked_would_have_said_nothing(path: Path) -> None:
    """The whole book, with and without `only_with`."""
    story = read(path)
    context = story.context(story.ends)
    for case, trigger in _cases(story, play(story)):
        asked, everybody = (judge(case, trigger, context, rules) for rules in (RULES, ALL_ASKED))
        assert [(one.rule.id, one.hit) for one in asked.spoken] == [(one.rule.id, one.hit) for one in everybody.spoken]
        assert asked.undetermined == everybody.undetermined
        assert (asked.verdict, asked.awaits, asked.wake) == (everybody.verdict, everybody.awaits, everybody.wake)


def test_most_rules_name_the_facts_that_they_read() -> None:
    """Else nothing would be compared above."""
    assert len([rule for rule in RULES if rule.only_with]) >= 15
