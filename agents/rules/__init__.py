"""Rules, one file per evidence family; the tuple RULES is the whole rule book."""

from agents.rules.history import HISTORY
from agents.rules.identity import IDENTITY
from agents.rules.procedure import PROCEDURE
from agents.rules.rule import Rule

RULES: tuple[Rule, ...] = (*PROCEDURE, *HISTORY, *IDENTITY)
"""Rule 36, `stale_feed_guard`, is not a row: `agents.assess` applies it to every other rule."""
