"""Words: every text of the pages in both languages, from one table. Indonesian stands where nothing was chosen."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

LANGUAGES: Final = ("id", "en")
TABLE: Final = Path(__file__).with_name("words.toml")


@cache
def table() -> Mapping[str, Mapping[str, str]]:
    """By key, such as `feed.title`: the text in each language."""
    read = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {f"{part}.{name}": texts for part, entries in read.items() for name, texts in entries.items()}


class Words:
    """The texts of one language."""

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else LANGUAGES[0]

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key, filled in. Raises KeyError for a key that the table lacks: a page never shows a hole."""
        text = table()[key][self.language]
        return text.format(**values) if values else text

    def code(self, kind: str, code: str) -> str:
        """The words for a code of a list that may grow elsewhere; the code itself where the table has none yet."""
        found = table().get(f"{kind}.{code}")
        return found[self.language] if found else code.replace("_", " ").lower()

    def part(self, kind: str) -> dict[str, str]:
        """All texts of one part of the table, for the scripts."""
        return {
            key.partition(".")[2]: texts[self.language] for key, texts in table().items() if key.startswith(f"{kind}.")
        }

    def age(self, seconds: float) -> str:
        """A length of time in one unit: `12 detik`, `40 menit`, `3 jam`."""
        for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
            if seconds >= size:
                return self(f"age.{unit}", n=int(seconds // size))
        return self("age.second", n=int(seconds))
