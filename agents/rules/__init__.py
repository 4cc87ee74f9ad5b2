"""Rules, one file per evidence family; the tuple RULES is the whole rule book."""

from agents.rules.age import AGE
from agents.rules.history import HISTORY
from agents.rules.identity import IDENTITY
from agents.rules.integrity import INTEGRITY
from agents.rules.network import NETWORK
from agents.rules.procedure import PROCEDURE
from agents.rules.registry import REGISTRY
from agents.rules.route import ROUTE
from agents.rules.rule import Rule

RULES: tuple[Rule, ...] = (*PROCEDURE, *ROUTE, *NETWORK, *HISTORY, *IDENTITY, *REGISTRY, *AGE, *INTEGRITY)
"""Rule 36, `stale_feed_guard`, is not a row: `agents.assess` applies it to every other rule."""
