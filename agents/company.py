"""What a placement company's own dossier says of one placement: licence, permit to recruit, and quota (rule 22)."""

from bisect import bisect_right
from collections import defaultdict
from datetime import datetime

from agents.case import Case
from schemas.facts import Fact, Value, in_order

_PLACED = frozenset({"epmi_issued", "placement_agreement_signed"})


class Company:
    """The company as its case has it, sorted once however many of its placements are asked about."""

    def __init__(self, case: Case) -> None:
        self._states = sorted(case.of("p3mi_licence_changed", "p3mi_sanctioned"), key=in_order)
        self._changed = [state.at for state in self._states]
        self._approved: dict[str, Fact] = {}
        for fact in sorted(case.of("job_order_approved"), key=in_order):
            self._approved[fact.text("job_order_no")] = fact
        self._permits: defaultdict[str, list[Fact]] = defaultdict(list)
        for fact in case.of("recruit_permit_issued"):
            self._permits[fact.text("job_order_no")].append(fact)
        self._placed = _placed(case)

    def standing(self, use: Fact, data: dict[str, Value], rests_on: list[Fact]) -> None:
        """Adds what was true of the company when it was used; what no system told is left out."""
        if use.text("type") not in _PLACED:
            return
        before = bisect_right(self._changed, use.at)
        if before:
            last = self._states[before - 1]
            data["licence"] = last.text("status")
            rests_on.append(last)
        order = use.text_or_none("job_order_no")
        if order is None:
            return
        permits = [fact for fact in self._permits.get(order, ()) if fact.at <= use.at]
        data["permit"] = bool(permits)
        rests_on += permits
        quota = self._approved.get(order)
        if quota is not None and self._people(order, use.at) > quota.number("quota"):
            data["over_quota"] = True
            rests_on.append(quota)

    def _people(self, order: str, at: datetime) -> int:
        """Different people placed under a job order up to a moment."""
        times, counts = self._placed.get(order, ([], []))
        upto = bisect_right(times, at)
        return counts[upto - 1] if upto else 0


def _placed(case: Case) -> dict[str, tuple[list[datetime], list[int]]]:
    """Of each job order: when somebody was placed under it, and how many different people were by then."""
    found: defaultdict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for one in case.mentions:
        if one.text("type") == "epmi_issued" and (order := one.text_or_none("job_order_no")) is not None:
            found[order].append((one.at, one.text("member")))
    told: dict[str, tuple[list[datetime], list[int]]] = {}
    for order, placements in found.items():
        seen: set[str] = set()
        times, counts = list[datetime](), list[int]()
        for at, member in sorted(placements):
            seen.add(member)
            times.append(at)
            counts.append(len(seen))
        told[order] = times, counts
    return told
