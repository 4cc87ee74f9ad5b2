"""Promise 1: what stands at the end is a function of the set of facts, not of their arrival."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.assess import Context
from agents.decide import Why
from schemas.alerts import Alert, Screening, State
from schemas.facts import Note
from schemas.wire import BadRecord
from tests.stories.play import Record, Story, World, admitted, every, play, read

EVERY = [read(path) for path in every()]
CROWD = 60
"""Events beyond which a story is told in a few orders only."""
STORIES = [story for story in EVERY if len(story.records) <= CROWD]
CROWDED = [story for story in EVERY if len(story.records) > CROWD]
MOST_ROUNDS = 20
"""Ticks until nothing waits any more; more would be a dossier that never comes to rest."""

Standing = dict[str, tuple[object, ...]]
Answers = dict[str, tuple[object, ...]]
each_story = pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)


def bounded(examples: int) -> settings:
    """So many examples, the same in each run, so that the gate takes the same time."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )


chances = st.randoms(use_true_random=False)


def _notes(record: Record) -> tuple[Note, ...]:
    try:
        return admitted(record)
    except BadRecord:
        return ()


def standing(world: World) -> Standing:
    """What a consumer ends with, less what is withdrawn: that is as good as never raised."""
    return {
        alert.alert_id: (
            alert.state,
            alert.severity,
            tuple(sorted(one.rule for one in alert.indications)),
            tuple(sorted(one.event_id for one in alert.evidence)),
            tuple(sorted(one.feed for one in alert.recipients)),
            tuple(one.event_id for one in alert.handling),
            alert.taken_by,
        )
        for alert in world.standing().values()
        if alert.state is not State.WITHDRAWN
    }


def answers(world: World) -> Answers:
    """The last answer of each crossing, less those that were taken back with their attempt."""
    taken_back = {Why.TRIGGER_TAKEN_BACK.value, Why.MERGED.value}
    return {
        name: (one.verdict, one.severity, one.alert_id, tuple((u.rule, u.source) for u in one.undetermined))
        for name, one in world.answers().items()
        if one.reason not in taken_back
    }


@dataclass
class Mail:
    """Notes on their way, each in a channel; those of one channel may keep their order."""

    waiting: list[tuple[object, Note]]

    def take(self, chance: Random, *, in_order: bool) -> Note:
        """One that may arrive next."""
        channel, note = self.waiting[chance.randrange(len(self.waiting))]
        if in_order:
            channel, note = next(one for one in self.waiting if one[0] == channel)
        self.waiting.remove((channel, note))
        return note


def shuffled(world: World, notes: list[Note], context: Context, chance: Random, *, in_order: bool) -> None:
    """Any interleaving, with some notes delivered twice, to the fixpoint."""
    mail = Mail([(index, note) for index, note in enumerate(notes)])
    twice = len(notes)
    while mail.waiting:
        note = mail.take(chance, in_order=in_order)
        reaction = world.deliver(note, context)
        mail.waiting += [((note.subject, one.subject), one) for one in reaction.notes]
        if twice and chance.random() < 0.3:
            twice -= 1
            mail.waiting.append((("again", twice), note))


def _rest(world: World, now: datetime, context: Context) -> None:
    """Ticks for whoever waits, until nobody does."""
    for _ in range(MOST_ROUNDS):
        due = world.due(now, context)
        before = len(world.alerts) + len(world.screenings)
        world.settle(due, context)
        if not due or len(world.alerts) + len(world.screenings) == before:
            return
    raise AssertionError("a dossier never comes to rest")


def told(story: Story, deliver: Callable[[World, list[Note], Context], None], *, marks_first: bool) -> World:
    """The story's facts all at once, with the feeds' return before or after them."""
    start = min(one.arrives for one in story.records)
    world = World()
    deliver(
        world,
        [note for record in story.records for note in _notes(record)],
        story.context(story.ends if marks_first else start),
    )
    _rest(world, story.ends, story.context(story.ends))
    return world


def one_by_one(world: World, notes: list[Note], context: Context) -> None:
    world.settle(notes, context)


# Four functions, not one with four sets of parameters: Hypothesis nests what it knows of a function one level deeper for
# each set, and a thousand levels are too many.


@each_story
@bounded(12)
@given(chance=chances)
def test_any_order_ends_in_the_same_alerts(story: Story, chance: Random) -> None:
    """Permuted, doubled and interleaved, the facts of a story leave the same alerts and answers standing."""
    assert_same_end(story, chance, marks_first=True, in_order=False)


@each_story
@bounded(12)
@given(chance=chances)
def test_any_order_before_the_feeds_return(story: Story, chance: Random) -> None:
    """The same while feeds are still silent."""
    assert_same_end(story, chance, marks_first=False, in_order=False)


@each_story
@bounded(12)
@given(chance=chances)
def test_any_interleaving_of_channels_ends_in_the_same_alerts(story: Story, chance: Random) -> None:
    """The same where each channel keeps its order, as a partition does."""
    assert_same_end(story, chance, marks_first=True, in_order=True)


@each_story
@bounded(12)
@given(chance=chances)
def test_any_interleaving_of_channels_before_the_feeds_return(story: Story, chance: Random) -> None:
    """Both at once."""
    assert_same_end(story, chance, marks_first=False, in_order=True)


@pytest.mark.parametrize("story", CROWDED, ids=lambda story: story.name)
@pytest.mark.parametrize("seed", [1, 2])
def test_any_order_of_a_crowd_ends_in_the_same_alerts(story: Story, seed: int) -> None:
    """The same for a story of hundreds."""
    assert_same_end(story, Random(seed), marks_first=True, in_order=False)


def assert_same_end(story: Story, chance: Random, *, marks_first: bool, in_order: bool) -> None:
    expected = told(story, one_by_one, marks_first=marks_first)
    found = told(
        story,
        lambda world, notes, context: shuffled(world, notes, context, chance, in_order=in_order),
        marks_first=marks_first,
    )
    assert standing(found) == standing(expected)
    assert answers(found) == answers(expected)
    assert_revisions_grow(found.alerts, found.screenings)


def assert_revisions_grow(alerts: list[Alert], screenings: list[Screening]) -> None:
    """One revision never has two contents: whoever ignores lower revisions ends where everybody does."""
    said: dict[tuple[str, int], object] = {}
    for alert in alerts:
        content = alert.model_copy(update={"created_at": alert.at, "decide_by": None, "acknowledge_by": None})
        assert said.setdefault((alert.alert_id, alert.revision), content) == content
    for one in screenings:
        assert said.setdefault((one.crossing_id, one.revision), one) == one


@each_story
def test_a_fact_already_held_says_nothing(story: Story) -> None:
    """The whole story told again, forwarded notes and all, changes no dossier and says nothing."""
    world, context = World(), story.context(story.ends)
    queue = [note for record in story.records for note in _notes(record)]
    seen: list[Note] = []
    while queue:
        note = queue.pop(0)
        seen.append(note)
        queue += world.deliver(note, context).notes
    before, said = dict(world.dossiers), (len(world.alerts), len(world.screenings))
    for note in seen:
        reaction = world.deliver(note, context)
        assert not reaction.notes
        assert reaction.dossier == before[note.subject]
    assert (len(world.alerts), len(world.screenings)) == said


@pytest.mark.parametrize(
    "story", [one for one in STORIES if not one.feeds and not one.ticks], ids=lambda story: story.name
)
def test_a_story_played_slowly_ends_as_the_same_story_told_at_once(story: Story) -> None:
    """Where no feed and no clock decides, days of arrival and one moment give the same answers."""
    assert answers(play(story).world) == answers(told(story, one_by_one, marks_first=True))
