"""The pack as one page that stands by itself: no script, no address outside, Indonesian first and English one click away."""

import tomllib
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from agents.indicators import Cell, Month, Table

NOT_TOLD = "<3"
"""In a table: fewer than three people, or nothing to say."""
_HERE = Path(__file__).parent


@cache
def words() -> dict[str, Any]:
    """Headings by part and code."""
    return tomllib.loads((_HERE / "words.toml").read_text(encoding="utf-8"))


def page(month: Month, tables: Sequence[Table], made: datetime) -> str:
    """HTML. `made`: when, UTC."""
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("report.html").render(
        month=f"{month.since:%Y-%m}", tables=tables, words=words(), shown=shown, made=f"{made:%Y-%m-%d %H:%M} UTC"
    )


def shown(cell: Cell) -> str:
    """A cell as text; shares and times with at most three digits behind the point."""
    if cell is None:
        return NOT_TOLD
    return f"{cell:.3f}".rstrip("0").rstrip(".") if isinstance(cell, float) else str(cell)
