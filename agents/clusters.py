"""Clusters: which uses of a link belong together in time, the latest group first."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from schemas.facts import Fact

JOURNEYS = frozenset({"manifest_entry", "crossing_attempted"})
"""Uses that are departures, announced or tried."""
APPLICATIONS = frozenset({"passport_application_submitted"})
REGISTRATIONS = frozenset({"jobseeker_account_created", "cpmi_registered"})


def of_type(uses: Sequence[Fact], types: frozenset[str]) -> list[Fact]:
    """Uses that were made in one of these kinds of event."""
    return [use for use in uses if use.text("type") in types]


def one_a_person(uses: Sequence[Fact]) -> list[Fact]:
    """The latest use of each member: who was announced and then came is one traveller."""
    return list({use.text("member"): use for use in uses}.values())


def groups(
    uses: Sequence[Fact], window: timedelta, when: Callable[[Fact], datetime] = lambda use: use.at, least: int = 1
) -> Iterator[tuple[Fact, ...]]:
    """Every group of uses within one window that ends with a use, the latest first; both ends belong to it.

    Groups of fewer than `least` uses are left out.
    """
    if len(uses) < least:
        return
    ordered = sorted(uses, key=lambda use: (when(use), use.id))
    times = [when(use) for use in ordered]
    first = len(ordered) - 1
    for last in range(first, -1, -1):
        earliest = times[last] - window
        first = min(first, last)
        while first > 0 and times[first - 1] >= earliest:
            first -= 1
        if last + 1 - first >= least:
            yield tuple(ordered[first : last + 1])


def departs(use: Fact) -> datetime:
    """When the service of a journey leaves; the use's own time where it is not known."""
    return use.moment("scheduled_at") or use.at


def bought(use: Fact) -> datetime:
    """When a ticket was bought; the use's own time where it is not known."""
    return use.moment("booked_at") or use.at
