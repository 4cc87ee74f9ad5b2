"""Renders the README's tables from settings, topics, rules, metrics and commands."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import typer.main
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from agents.rules import RULES
from schemas.topics import TOPICS
from streams import metrics
from streams import policy as policies
from streams.cli import whole
from streams.commands.alerts import Language
from streams.commands.sop import how_long
from streams.counter.settings import CounterSettings
from streams.evaluation.tables import markdown
from streams.feed.settings import FeedSettings
from streams.paging.settings import PagerSettings
from streams.settings import Settings

README = Path(__file__).parents[2] / "README.md"
RESULTS = Path(__file__).parents[1] / "bench" / "RESULTS.md"
EVALUATED = Path(__file__).parents[1] / "evaluation" / "sample.json"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def commands() -> str:
    """Every command with its first sentence."""
    rows = [(f"`{path}`", text.split("\n")[0]) for path, text in leaves()]
    return table(("command", "what it does"), rows)


def leaves() -> list[tuple[str, str]]:
    """Every command that does something, with its help. Typer brings its own click: groups are known by their parts."""

    def walk(command: Any, path: str) -> Iterator[tuple[str, str]]:
        inner = getattr(command, "commands", None)
        if inner is None:
            yield path, command.help or ""
            return
        for name, one in inner.items():
            yield from walk(one, f"{path} {name}")

    return list(walk(typer.main.get_command(whole()), "suar"))


def settings() -> str:
    """Every setting with its program, variable, default and meaning; what all programs share stands once."""
    rows = list(_fields("all", "SUAR", Settings, ()))
    rows += _fields("feed", "SUAR", FeedSettings, Settings.model_fields)
    rows += _fields("pager", "SUAR", PagerSettings, Settings.model_fields)
    rows += _fields("checkpoint", "SUAR_CHECKPOINT", CounterSettings, ())
    return table(("program", "variable", "default", "meaning"), rows)


def _fields(program: str, prefix: str, kind: type[BaseSettings], known: Iterable[str]) -> Iterator[tuple[str, ...]]:
    for name, info in kind.model_fields.items():
        if name not in known:
            yield program, f"`{prefix}_{name.upper()}`", _default(info), info.description or ""


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "none: must be set"
    if info.default is None or (isinstance(info.default, SecretStr) and not info.default.get_secret_value()):
        return "none"
    return f"`{_plain(info.default)}`"


def _plain(value: object) -> str:
    return f"{value.parent.name}/{value.name}" if isinstance(value, Path) else str(value)


def topics() -> str:
    """Every topic."""
    rows = []
    for topic in TOPICS:
        kept = "newest per key" if topic.retention is None else f"{topic.retention.days} days"
        rows.append((f"`{topic.name}`", topic.system.value.upper() if topic.system else "Suar", kept, topic.purpose))
    return table(("topic", "written by", "kept", "holds"), rows)


def rules() -> str:
    """Every rule."""
    rows = [
        (str(r.number), f"`{r.id}`", r.family.value, "yes" if r.absence else "", r.why.en, r.innocent[0].en)
        for r in sorted(RULES, key=lambda rule: rule.number)
    ]
    return table(("no.", "rule", "family", "rests on absence", "why", "an innocent explanation"), rows)


def procedure() -> str:
    """What is asked, done and handed out, by reference."""
    held = policies.load(Settings.model_fields["policy"].default).sop
    rows = [
        (f"`{part.kind}/{part.id}`", f"*{part.title.id}*", part.title.en, str(len(part.lines)))
        for part in (*held.questions, *held.checklists, *held.rights)
    ]
    return table(("reference", "Indonesian", "English", "lines"), rows)


def levels() -> str:
    """Every promise of time."""
    held = policies.load(Settings.model_fields["policy"].default).sop
    rows = [
        (f"*{one.text.id}*", one.text.en, how_long(one, Language.EN), one.clock.en, one.past.en) for one in held.levels
    ]
    return table(("Indonesian", "English", "how long", "counted", "when it has passed"), rows)


def measures() -> str:
    """Every metric."""
    return table(
        ("metric", "kind", "labels", "meaning"),
        ((f"`{m.name}`", m.kind, ", ".join(m.labels), m.help) for m in metrics.manual()),
    )


def numbers() -> str:
    """The last full benchmark run, as `make bench` wrote it."""
    return RESULTS.read_text().strip()


def evaluation() -> str:
    """What the rules find on the sample week, as `suar evaluate --json` wrote it."""
    return markdown(EVALUATED.read_bytes())


TABLES = {
    "evaluation": evaluation,
    "numbers": numbers,
    "commands": commands,
    "settings": settings,
    "topics": topics,
    "rules": rules,
    "procedure": procedure,
    "levels": levels,
    "metrics": measures,
}


def rendered(text: str) -> str:
    """The README with every table made anew."""
    for name, make in TABLES.items():
        before, begin, rest = text.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition(f"<!-- /{name} -->")
        if not begin or not end:
            raise LookupError(f"README.md lacks the place for {name}")
        text = f"{before}{begin}{make()}\n{end}{after}"
    return text
