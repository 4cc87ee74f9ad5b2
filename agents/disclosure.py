"""Disclosure: who may learn whose name and document, and for what. A role without a purpose here never does."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from schemas.alerts import OPEN_STATES, Role, State


class Purpose(StrEnum):
    """Why somebody must know who it is; it stands in the audit log beside who asked (UU 27/2022 Art. 31)."""

    MEET = "meet"
    """To find the traveller in the hall and talk in private, before the gate closes (SOP C)."""
    INTERVIEW = "interview"
    """To invite the applicant to the passport interview (SOP A)."""
    PROTECT = "protect"
    """To look for somebody who may be in danger, here or abroad, and to offer help (UU 18/2017 Art. 21)."""
    CASE = "case"
    """To investigate a crime that somebody may have suffered (UU 21/2007)."""


PURPOSES: Final[Mapping[Role, frozenset[Purpose]]] = {
    Role.SUPERVISOR: frozenset({Purpose.MEET}),
    Role.PASSPORT_OFFICE: frozenset({Purpose.INTERVIEW}),
    Role.BP3MI: frozenset({Purpose.MEET, Purpose.PROTECT}),
    Role.MISSION: frozenset({Purpose.PROTECT}),
    Role.CHILD_PROTECTION: frozenset({Purpose.PROTECT}),
    Role.POLRI: frozenset({Purpose.CASE}),
}
"""A counter holds the document in its hand; coordinators steer and need nobody's name."""
WHILE_OPEN: Final = frozenset({Purpose.MEET, Purpose.INTERVIEW})
"""Nobody is met about an alert that is over."""
MOST_PEOPLE: Final = 50
"""Of a group whose members are told at once."""


def purposes(roles: Iterable[str], state: str) -> tuple[Purpose, ...]:
    """For what these roles may open the identities of an alert in that state; none: not at all. Unknown roles have none.

    An alert that was taken back, or is another's now, says of nobody that somebody must know them.
    """
    if state == State.WITHDRAWN:
        return ()
    able = {purpose for role in roles if role in set(Role) for purpose in PURPOSES.get(Role(role), frozenset())}
    if state not in {one.value for one in OPEN_STATES}:
        able -= WHILE_OPEN
    return tuple(sorted(able))
