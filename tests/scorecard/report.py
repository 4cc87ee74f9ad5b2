"""The results as a page for people, in the manner of a validation report."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from schemas.names import REVIEW_FROM, SAME_FROM
from tests.scorecard.measure import MATCHERS, PAIRS, Results
from tests.scorecard.strangers import NAMESAKES, STRANGERS
from tests.scorecard.treatments import BY_DESIGN_REVIEW, INNOCENT

FOLDER: Final = Path(__file__).parent
PAGE: Final = FOLDER / "RESULTS.md"
NUMBERS: Final = FOLDER / "results.json"


def page(results: Results) -> str:
    """The whole of RESULTS.md."""
    overall = results["overall"]
    return "\n".join(
        [
            "# Names: how often the matcher is right",
            "",
            "Written by `python -m tests.scorecard`; a test makes it again and fails when a number moves. All names are made",
            f"up from seed {results['seed']}: {PAIRS} pairs of each kind. SAME is a score of {SAME_FROM} or more; *review* counts",
            f"everything from {REVIEW_FROM}. *clear* compares names, *sketch* the keyed sketches that stand on `suar.facts`.",
            "",
            "| all treatments against all strangers, one to one | clear | sketch |",
            "| --- | --- | --- |",
            *(_overall_row(text, name, overall) for name, text in _OVERALL.items()),
            f"| clear and sketch give the same verdict | {_percent(results['agreement'])} | |",
            "",
            "## One person, written in two ways",
            "",
            "Recall: the share of pairs that is found. Precision: against as many pairs of strangers, all kinds alike.",
            "",
            "| treatment | pairs | recall SAME clear / sketch | recall review | precision SAME | precision review | what it does |",
            "| --- | --- | --- | --- | --- | --- | --- |",
            *(_treatment_row(name, one) for name, one in results["innocent"].items()),
            "",
            "\\* left to a person by design: a letter, a missing half of a name or several changes may also be somebody else.",
            "",
            "## Two people",
            "",
            "Here every SAME is a mistake. A review is not: it asks a person. Twins with names that the matcher does not know as",
            "common look like one letter's slip; a child that bears its father's name looks like a name with a part left out.",
            "",
            *_people_table("strangers", results, STRANGERS),
            "",
            "## Namesakes",
            "",
            "By their names nobody can tell them; left out of precision. They are why a name is never a key.",
            "",
            *_people_table("namesakes", results, NAMESAKES),
            "",
            "## What this does not say",
            "",
            "The treatments come from the same description of names as the matcher's tables, and the matcher was made while looking",
            "at them: 100 % says that the description is carried out, not that it is complete. The words are common Indonesian",
            "ones, put together by chance, and how often each treatment or kind of stranger occurs in the agencies' data is not",
            "known. So the numbers compare versions of the matcher and find its weak places; they do not predict rates in service.",
            "",
        ]
    )


_OVERALL: Final = {
    "precision_same": "precision at SAME",
    "precision_review": "precision at review",
    "same": "recall at SAME",
    "same_without_by_design": "recall at SAME, without what is left to a person by design",
    "review": "recall at review",
}


def _overall_row(text: str, name: str, overall: Mapping[str, Mapping[str, float]]) -> str:
    return f"| {text} | {' | '.join(_percent(overall[m][name]) for m in MATCHERS)} |"


def _treatment_row(name: str, one: Mapping[str, Any]) -> str:
    mark = " \\*" if name in BY_DESIGN_REVIEW else ""
    cells = (_both(one, number) for number in ("same", "review", "precision_same", "precision_review"))
    return f"| `{name}`{mark} | {one['clear']['pairs']} | {' | '.join(cells)} | {INNOCENT[name].__doc__} |"


def _people_table(group: str, results: Results, kinds: Mapping[str, object]) -> list[str]:
    rows = [
        f"| `{name}` | {one['clear']['pairs']} | {_both(one, 'same')} | {_both(one, 'review')} | {kinds[name].__doc__} |"
        for name, one in results[group].items()
    ]
    return [
        "| kind | pairs | SAME clear / sketch | SAME or REVIEW | who they are |",
        "| --- | --- | --- | --- | --- |",
        *rows,
    ]


def _both(one: Mapping[str, Mapping[str, float]], number: str) -> str:
    return " / ".join(_percent(one[m][number]) for m in MATCHERS)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
