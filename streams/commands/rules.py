"""For everybody who meets an alert: the rule book, and one rule's card with the numbers of the policy in force."""

import json
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Column, Table

from agents.cards import Card, card
from agents.rules import RULES
from agents.rules.rule import Rule
from schemas.alerts import Text, TriggerKind
from schemas.policy import Policy
from streams.commands.alerts import Language, said
from streams.commands.terminal import COLOURS, Exit, console, fail, in_force, without_secrets
from streams.story_heads import Head, about

rules = typer.Typer(help="The rule book: what may be said, on what it rests, and what clears it.", no_args_is_help=True)
Lang = Annotated[Language, typer.Option("--language", "--lang", help="Of the sentences")]
Json = Annotated[bool, typer.Option("--json", help="The same as JSON")]

BESIDE = (
    Text(
        id="31 `origin_desa_cluster` bukan peringatan: jumlahnya per desa dan kabupaten ada di `suar areas`.",
        en="31 `origin_desa_cluster` is no alert: its counts of desa and kabupaten are in `suar areas`.",
    ),
    Text(
        id="36 `stale_feed_guard` bukan baris: ia berlaku untuk setiap aturan yang membutuhkan sumber yang mutakhir.",
        en="36 `stale_feed_guard` is no row: it holds for every rule that needs a fresh source.",
    ),
)
"""Numbers of the rule book that have no card."""
HEADS = {
    "conditions": Text(id="Kapan dan bagaimana", en="When and how"),
    "fresh": Text(id="Harus mutakhir", en="Must be fresh"),
    "settings": Text(id="Angka dari kebijakan", en="Numbers of the policy"),
    "innocent": Text(id="Penjelasan yang wajar", en="Innocent explanations"),
    "clears": Text(id="Yang menjernihkan", en="What clears it"),
    "questions": Text(id="Tanyakan", en="Ask"),
    "grounds": Text(id="Dasar yang dapat dipilih petugas", en="Grounds an officer may choose"),
    "recipients": Text(id="Yang diberi tahu", en="Who is told"),
    "stories": Text(id="Cerita yang menunjukkannya", en="Stories that show it"),
    "findings": Text(id="Menjawab temuan", en="Findings it answers"),
}
_FIRES = Text(id="berbunyi", en="speaks")
_QUIET = Text(id="diam", en="quiet")
_MEANT = Text(id="lihat ceritanya", en="see there")


@rules.command("list")
def list_rules(language: Lang = Language.ID, as_json: Json = False) -> None:
    """Every rule: number, name and version, family, strength, what it judges, sources, how grave it can be.

    Example: suar rules list --lang en
    """
    cards = _cards(in_force(without_secrets().policy))
    if as_json:
        _print([_row(one) for one in cards])
        return
    table = Table(
        Column("no.", justify="right"),
        Column("rule", no_wrap=True),
        "family",
        "strength",
        "judges",
        "needs",
        "rests on absence",
        "severity",
        "category",
        box=None,
    )
    for one in cards:
        rule = one.rule
        colour = COLOURS[one.severities[-1]] if one.severities else "dim"
        table.add_row(
            str(rule.number),
            one.name,
            rule.family.value,
            rule.strength.value,
            ", ".join(triggers(rule)),
            ", ".join(source.value.upper() for source in rule.needs),
            "yes" if rule.absence else "",
            f"[{colour}]{one.range}[/{colour}]",
            rule.category,
        )
    console.print(table)
    for text in BESIDE:
        console.print(f"[dim]{said(text, language)}[/dim]", highlight=False)


@rules.command("show")
def show(
    rule: Annotated[str, typer.Argument(metavar="ID", help="A rule's name, or its number in the rule book")],
    language: Lang = Language.ID,
    as_json: Json = False,
) -> None:
    """One rule's card: why, when, sources, innocent explanations, what clears it, questions, grounds, numbers, stories.

    Example: suar rules show work_visa_without_epmi --lang en
    """
    name = rule.partition("@")[0]
    found = [one for one in _cards(in_force(without_secrets().policy)) if name in {one.rule.id, str(one.rule.number)}]
    if not found:
        near = get_close_matches(name, [one.id for one in RULES], n=3)
        fail(
            f"no rule {rule}: {'did you mean ' + ', '.join(near) + '? ' if near else ''}see `suar rules list`",
            Exit.NOT_FOUND,
        )
    if as_json:
        _print([whole(one) for one in found])
        return
    for one in found:
        console.print(on_screen(one, language))


def _cards(policy: Policy) -> list[Card]:
    return [card(rule, policy) for rule in in_order()]


def in_order() -> list[Rule]:
    """The rule book by number."""
    return sorted(RULES, key=lambda rule: (rule.number, RULES.index(rule)))


def triggers(rule: Rule) -> list[str]:
    """What it judges, in one order."""
    return [kind.value for kind in TriggerKind if kind in rule.triggers]


def findings(stories: tuple[Head, ...]) -> list[str]:
    """Findings of the Ombudsman's study that the stories about a rule answer."""
    return sorted({name for head in stories for name in head.findings})


def sections(one: Card, language: Language) -> Iterator[tuple[str, list[str]]]:
    """Everything under the headline, by head: what stands on the screen, on paper and on the page of rules."""
    rule, stories = one.rule, about(one.rule.id)
    ages = Text(id="paling lama {} menit", en="at most {} minutes")
    yield "conditions", [said(text, language) for text in one.conditions]
    yield "fresh", [f"{it.source.value.upper()}: {said(ages, language).format(it.minutes)}" for it in one.fresh]
    yield "settings", [f"`{setting.field}`: {said(setting.value, language)}" for setting in one.settings]
    yield "innocent", [said(text, language) for text in rule.innocent]
    yield "clears", [said(text, language) for text in rule.clears]
    yield "questions", [said(text, language) for text in rule.questions]
    yield "grounds", [f"{it.name}: {said(it.text, language)} ({it.law})" for it in one.grounds]
    yield "recipients", [", ".join(role.value for role in rule.recipients)]
    yield "stories", [f"`{head.name}` ({said(_told(head, rule), language)})" for head in stories]
    yield "findings", [", ".join(findings(stories))] if findings(stories) else []


def _told(head: Head, rule: Rule) -> Text:
    if head.fires(rule.id):
        return _FIRES
    return _QUIET if head.quiet(rule.id) else _MEANT


def on_screen(one: Card, language: Language) -> Panel:
    """The card, framed."""
    rule = one.rule
    parts: list[RenderableType] = [f"[bold]{escape(said(rule.why, language))}[/bold]"]
    for head, lines in sections(one, language):
        if lines:
            parts += ["", f"[bold]{said(HEADS[head], language)}[/bold]", *(f"  • {escape(line)}" for line in lines)]
    colour = COLOURS[one.severities[-1]] if one.severities else "dim"
    subtitle = f"{rule.family} · {rule.strength} · {one.range} · {rule.category}"
    title = f"[bold]{rule.number} {one.name}[/bold]"
    return Panel(Group(*parts), title=title, subtitle=subtitle, border_style=colour, padding=(1, 2))


def _row(one: Card) -> dict[str, object]:
    rule = one.rule
    return {
        "number": rule.number,
        "id": rule.id,
        "version": rule.version,
        "family": rule.family.value,
        "strength": rule.strength.value,
        "triggers": triggers(rule),
        "needs": [source.value for source in rule.needs],
        "absence": rule.absence,
        "severities": [severity.name for severity in one.severities],
        "category": rule.category,
    }


def whole(one: Card) -> dict[str, object]:
    """A card as plain values, both languages."""
    rule, stories = one.rule, about(one.rule.id)
    return {
        **_row(one),
        "why": rule.why.model_dump(),
        "conditions": [text.model_dump() for text in one.conditions],
        "fresh_minutes": {it.source.value: it.minutes for it in one.fresh},
        "settings": {setting.field: setting.value.model_dump() for setting in one.settings},
        "innocent": [text.model_dump() for text in rule.innocent],
        "clears": [text.model_dump() for text in rule.clears],
        "questions": [text.model_dump() for text in rule.questions],
        "grounds": [{"code": it.name, "text": it.text.model_dump(), "law": it.law} for it in one.grounds],
        "recipients": [role.value for role in rule.recipients],
        "circle": sorted(role.value for role in rule.circle),
        "stories": [
            {"name": head.name, "title": head.title.model_dump(), "rule": _told(head, rule).en} for head in stories
        ],
        "findings": findings(stories),
    }


def _print(value: object) -> None:
    console.print(json.dumps(value, ensure_ascii=False, indent=2), markup=False, highlight=False, soft_wrap=True)
