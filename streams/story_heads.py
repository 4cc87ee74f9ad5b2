"""Heads of stories: what each is about, which findings it answers, and about which of its rules something is said in the end."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from schemas.alerts import State, Text
from streams.stories import FOLDER


@dataclass(frozen=True)
class Head:
    """A story without its events."""

    name: str
    title: Text
    findings: tuple[str, ...]
    """Of the Ombudsman's study, such as F3."""
    rules: tuple[str, ...]
    spoken: frozenset[str]
    """Rules of the alerts that stand in the end; one that is taken back is as good as never raised."""

    telling: bool
    """Does every alert that stands in the end say which rules it rests on?"""

    def fires(self, rule: str) -> bool:
        """Does the rule speak in the end?"""
        return rule in self.spoken

    def quiet(self, rule: str) -> bool:
        """Must it stay quiet? A story that does not tell is neither."""
        return self.telling and rule not in self.spoken


@lru_cache(maxsize=4)
def heads(folder: Path = FOLDER) -> tuple[Head, ...]:
    """Every story's head, by name. An installation without the stories has none."""
    return tuple(_head(path) for path in sorted(folder.glob("*.yaml")))


def about(rule: str, folder: Path = FOLDER) -> tuple[Head, ...]:
    """Stories about a rule, those in which it speaks first."""
    found = [head for head in heads(folder) if rule in head.rules]
    return tuple(sorted(found, key=lambda head: (not head.fires(rule), not head.quiet(rule), head.name)))


def _head(path: Path) -> Head:
    text = path.read_text()
    told: dict[str, Any] = yaml.safe_load(text.partition("\nevents:")[0])
    expected: dict[str, Any] = yaml.safe_load("expect:" + text.partition("\nexpect:")[2])["expect"] or {}
    standing = [alert for alert in expected.get("alerts") or () if alert.get("state") != State.WITHDRAWN]
    spoken = {rule for alert in standing for rule in alert.get("rules") or ()}
    return Head(
        path.stem,
        Text.model_validate(told["title"]),
        tuple(told.get("finding") or ()),
        tuple(told["rules"]),
        frozenset(spoken),
        all("rules" in alert for alert in standing),
    )
