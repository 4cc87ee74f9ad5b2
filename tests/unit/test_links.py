"""Links: who is told what, once, and what a member's silence about its family means."""

from datetime import UTC, datetime, timedelta

from agents.clusters import groups
from agents.households import distinct, kabupaten, members
from schemas.facts import MENTIONED, Fact

T0 = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)


def _use(member: str, *cards: str, days: float = 0, home: str | None = None) -> Fact:
    data: dict[str, object] = {"member": f"person:{member}", "families": list(cards)}
    if home:
        data["kabupaten"] = home
    at = T0 + timedelta(days=days)
    return Fact(id=f"suar/{member}{days}", kind=MENTIONED, source="suar", at=at, admitted_at=at, data=data)  # type: ignore[arg-type]


def test_a_shared_card_makes_one_family_even_through_a_third() -> None:
    assert distinct([_use("a", "k1"), _use("b", "k1", "k2"), _use("c", "k2")]) == 1
    assert distinct([_use("a", "k1"), _use("c", "k2"), _use("b", "k1", "k2")]) == 1
    assert distinct([_use("a", "k1"), _use("b", "k2")]) == 2


def test_an_unknown_family_is_no_evidence() -> None:
    assert distinct([_use("a"), _use("b"), _use("c")]) == 0
    assert kabupaten([_use("a"), _use("b", home="9901")]) == {"9901"}


def test_one_person_is_one_member_however_often() -> None:
    assert members([_use("a", days=0), _use("a", days=1)]) == {"person:a"}


def test_both_ends_of_a_window_belong_to_it() -> None:
    """At the boundary itself they are together; a second later they are not."""
    first, at, late = _use("a"), _use("b", days=30), _use("c", days=30 + 1 / 86400)
    window = timedelta(days=30)
    assert next(groups([first, at], window)) == (first, at)
    assert next(groups([first, late], window)) == (late,)


def test_the_latest_group_comes_first() -> None:
    found = list(groups([_use("a"), _use("b", days=1), _use("c", days=40)], timedelta(days=30)))
    assert [len(one) for one in found] == [1, 2, 1]
