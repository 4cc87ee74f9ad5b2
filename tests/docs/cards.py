"""Renders agents/rules/README.md: the card of every rule, from the same sections that `suar rules show` puts on the screen."""

from collections.abc import Iterator
from pathlib import Path

from agents.cards import Card, card
from streams import policy as policies
from streams.commands.alerts import Language
from streams.commands.rules import BESIDE, HEADS, in_order, sections
from streams.settings import Settings
from tests.docs.tables import README, table

PAGE: Path = README.parent / "agents" / "rules" / "README.md"
_FOREWORD = """# Rules

Every rule of Suar on a card, in English and *bahasa Indonesia*: why it speaks, on what it rests, what innocent explanation there is, what
clears it, what to ask. A rule advises; an officer decides, on a legal ground, and gets the same text everywhere. Numbers are
those of policy `{version}`. `suar rules show ID` shows a card on the screen, with the numbers of the policy in force there;
`python -m tests.docs` writes this page.
"""


def rendered() -> str:
    """The whole page."""
    policy = policies.load(Settings.model_fields["policy"].default)
    cards = [card(rule, policy) for rule in in_order()]
    contents = table(
        ("no.", "rule", "why"), ((str(c.rule.number), f"[`{c.rule.id}`](#{c.rule.id})", c.rule.why.en) for c in cards)
    )
    beside = "\n".join(f"- {text.en}" for text in BESIDE)
    pages = "\n".join(line for one in cards for line in _page(one))
    return f"{_FOREWORD.format(version=policy.version)}\n{contents}\n\nWithout a card:\n\n{beside}\n\n{pages}"


def _page(one: Card) -> Iterator[str]:
    rule = one.rule
    yield from (f"## {rule.id}", "")
    yield f"No. {rule.number}, version {rule.version} · {rule.family} · {rule.strength} · {one.range} · {rule.category}"
    yield from ("", f"**{rule.why.en}**<br>*{rule.why.id}*", "")
    indonesian = dict(sections(one, Language.ID))
    for head, lines in sections(one, Language.EN):
        if lines:
            yield from (f"**{HEADS[head].en}**", "", *map(_item, lines, indonesian[head]), "")


def _item(english: str, indonesian: str) -> str:
    return f"- {english}" if english == indonesian or english.startswith("`") else f"- {english}<br>*{indonesian}*"
