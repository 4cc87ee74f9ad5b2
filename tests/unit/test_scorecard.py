"""The numbers that are published about the name matcher are the ones it has, and they hold their floors."""

import json
from typing import Any

import pytest

from tests.scorecard.measure import MATCHERS, results
from tests.scorecard.report import NUMBERS, PAGE, page
from tests.scorecard.treatments import BY_DESIGN_REVIEW, INNOCENT

FLOORS = {"precision_same": 0.99, "same_without_by_design": 0.95, "review": 0.95, "precision_review": 0.8}
"""Over all kinds. Precision at review is low on purpose: a review asks a person and accuses nobody."""
EACH_FLOOR = 0.95
"""Recall of each single treatment: at SAME, or at review where the design leaves it to a person."""
FLOOR_OF_TWO = 0.9
"""Recall at review when two treatments meet."""


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    return results()


def test_the_page_and_the_numbers_are_those_of_this_matcher(measured: dict[str, Any]) -> None:
    again = "run: python -m tests.scorecard"
    assert json.loads(NUMBERS.read_text()) == measured, again
    assert PAGE.read_text() == page(measured), again


@pytest.mark.parametrize("matcher", MATCHERS)
@pytest.mark.parametrize("number", FLOORS)
def test_overall_floors(measured: dict[str, Any], matcher: str, number: str) -> None:
    assert measured["overall"][matcher][number] >= FLOORS[number]


@pytest.mark.parametrize("matcher", MATCHERS)
@pytest.mark.parametrize("treatment", INNOCENT)
def test_each_innocent_treatment_is_found(measured: dict[str, Any], treatment: str, matcher: str) -> None:
    at = "review" if treatment in BY_DESIGN_REVIEW else "same"
    floor = FLOOR_OF_TWO if treatment == "two_at_once" else EACH_FLOOR
    assert measured["innocent"][treatment][matcher][at] >= floor


@pytest.mark.parametrize("matcher", MATCHERS)
def test_no_kind_of_strangers_is_taken_for_one_person(measured: dict[str, Any], matcher: str) -> None:
    assert all(one[matcher]["same"] <= 0.01 for one in measured["strangers"].values())


def test_sketches_say_what_names_say(measured: dict[str, Any]) -> None:
    assert measured["agreement"] >= 0.995
