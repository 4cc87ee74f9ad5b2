"""A dossier is a function of the set of facts it was given."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.dossier import CLOCK, MOST_OF_A_KIND, Dossier, Said, Told, decode, encode
from schemas.facts import UNLINKED, Fact
from schemas.identity import Subject

T0 = datetime(2026, 3, 10, tzinfo=UTC)
PERSON = Subject("person:" + "1" * 32)
DOCUMENT = Subject("document:" + "2" * 32)


def _fact(name: str, *, at: datetime = T0, kind: str = "note_taken", **more: object) -> Fact:
    return Fact(id=name, kind=kind, source="simkim", at=at, admitted_at=at, **more)  # type: ignore[arg-type]  # test data


def _holding(*facts: Fact, dossier: Dossier | None = None) -> Dossier:
    dossier = dossier or Dossier(PERSON)
    for fact in facts:
        dossier = dossier.after(fact) or dossier
    return dossier


def _unlinked(epoch: int) -> Fact:
    return _fact(f"suar/u{epoch}", kind=UNLINKED, data={"document": DOCUMENT, "epoch": epoch})


def _live(dossier: Dossier) -> list[str]:
    return [fact.id for fact in dossier.live()]


def test_a_fact_held_already_is_no_news() -> None:
    """Again is nothing, and the dossier before is untouched."""
    empty = Dossier(PERSON)
    once = empty.after(_fact("a"))
    assert once is not None
    assert once.after(_fact("a")) is None
    assert empty.held == {}


def test_facts_stand_in_event_time_order() -> None:
    """By event time, then by id, whatever came first."""
    late, early, same = _fact("b", at=T0 + timedelta(hours=1)), _fact("z"), _fact("a")
    assert _live(_holding(late, early, same)) == ["a", "z", "b"]


def test_a_retraction_strikes_out_whichever_comes_first() -> None:
    """The original, the retraction, and the retraction of the retraction, in each order."""
    original, struck, restored = _fact("a"), _fact("b", retracts="a"), _fact("c", retracts="b")
    assert _live(_holding(original, struck)) == _live(_holding(struck, original)) == []
    for order in ((original, struck, restored), (restored, struck, original), (struck, restored, original)):
        assert _live(_holding(*order)) == ["a"]


def test_a_superseding_fact_takes_the_place() -> None:
    """The correction stands, the corrected does not; a retracted correction gives it back."""
    original, correction, undone = _fact("a"), _fact("b", supersedes="a"), _fact("c", retracts="b")
    assert _live(_holding(correction, original)) == ["b"]
    assert _live(_holding(undone, correction, original)) == ["a"]


def test_a_ring_of_retractions_ends() -> None:
    """Two facts that strike each other out, and one that strikes itself, do not hang and do not depend on order."""
    one, other, itself = _fact("a", retracts="b"), _fact("b", retracts="a"), _fact("c", supersedes="c")
    assert _live(_holding(one, other, itself)) == _live(_holding(itself, other, one))
    assert "c" in _live(_holding(itself))


def test_an_unlinked_document_takes_its_facts_along() -> None:
    """What it forwarded goes, what it forwards later under a higher epoch comes; a straggler of the old epoch is void."""
    dossier = _holding(_fact("mine"), _fact("a", via=DOCUMENT, epoch=1), _unlinked(1))
    assert set(dossier.held) == {"mine"}
    assert dossier.after(_fact("b", via=DOCUMENT, epoch=1)) is None
    assert set(_holding(_fact("a", via=DOCUMENT, epoch=3), dossier=dossier).held) == {"mine", "a"}


def test_unlinking_in_any_order() -> None:
    """The word of unlinking may overtake what it voids, and come twice."""
    first, again = _fact("a", via=DOCUMENT, epoch=1), _fact("a", via=DOCUMENT, epoch=3)
    assert _holding(_unlinked(1), first).held == {}
    assert _holding(again, _unlinked(1), first).held == {"a": again}
    assert _holding(_unlinked(1)).after(_unlinked(1)) is None


def test_a_higher_epoch_replaces_the_same_fact() -> None:
    """Told again by a newer owner's document, it is the newer copy; an older one does not come back."""
    old, new = _fact("a", via=DOCUMENT, epoch=1), _fact("a", via=DOCUMENT, epoch=2)
    assert _holding(old, new).held["a"].epoch == _holding(new, old).held["a"].epoch == 2


def test_the_oldest_of_a_kind_give_way() -> None:
    """A daily crosser's dossier stays bounded, and is the newest by event time in any order of arrival."""
    facts = [_fact(f"f{number:03d}", at=T0 + timedelta(days=number)) for number in range(MOST_OF_A_KIND + 5)]
    other = _fact("other", at=T0 - timedelta(days=9000), kind="another_kind")
    forward, backward = _holding(other, *facts), _holding(*reversed(facts), other)
    assert set(forward.held) == set(backward.held) == {"other", *(fact.id for fact in facts[5:])}


@settings(max_examples=50, deadline=None)
@given(order=st.permutations(range(6)))
def test_the_set_decides_not_the_order(order: list[int]) -> None:
    """Held and standing facts are the same for every permutation."""
    facts = [
        _fact("a"),
        _fact("b", retracts="a"),
        _fact("c", supersedes="b", at=T0 - timedelta(days=1)),
        _fact("d", via=DOCUMENT, epoch=1),
        _fact("d", via=DOCUMENT, epoch=2),
        _unlinked(1),
    ]
    found = _holding(*(facts[index] for index in order))
    assert found.held == _holding(*facts).held
    assert _live(found) == _live(_holding(*facts))


def test_it_says_when_to_look_again() -> None:
    """The earliest moment of each clock: the wall's for what ends, each feed's for what waits."""
    one = Said(about="a", revision=1, expires=T0 + timedelta(days=2), awaits={"siskop2mi": T0})
    other = Said(about="b", revision=1, expires=T0 + timedelta(days=1), awaits={"sipmi": T0})
    assert Dossier(PERSON, said={"x": one, "y": other}).looks() == {
        CLOCK: T0 + timedelta(days=1),
        "siskop2mi": T0,
        "sipmi": T0,
    }
    assert Dossier(PERSON, said={"x": Said(about="a", revision=1)}).looks() == {}


def test_the_store_gives_back_what_it_was_given() -> None:
    """Encoding keeps everything."""
    dossier = _holding(_fact("a", data={"n": 1, "t": "x", "b": True, "l": ["x"]}), _unlinked(4))
    said = {"x": Said(about="a", revision=1, late=T0, awaits={"sipmi": T0}, links=("l",))}
    dossier = Dossier(
        PERSON, dossier.held, dossier.unlinked, said=said, mentions={"l": Told(3, "c")}, answers={"m": Told(1, "d")}
    )
    assert decode(encode(dossier)) == dossier
