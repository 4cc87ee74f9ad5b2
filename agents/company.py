"""What a placement company's own dossier says of one placement: licence, permit to recruit, and quota (rule 22)."""

from agents.case import Case
from schemas.facts import Fact, Value, in_order

_PLACED = frozenset({"epmi_issued", "placement_agreement_signed"})


def standing(case: Case, use: Fact, data: dict[str, Value], rests_on: list[Fact]) -> None:
    """Adds what was true of the company when it was used; what no system told is left out."""
    if use.text("type") not in _PLACED:
        return
    states = [f for f in case.of("p3mi_licence_changed", "p3mi_sanctioned") if f.at <= use.at]
    if states:
        last = max(states, key=in_order)
        data["licence"] = last.text("status")
        rests_on.append(last)
    order = use.text_or_none("job_order_no")
    if order is None:
        return
    approved = [f for f in case.of("job_order_approved") if f.text("job_order_no") == order]
    permits = [f for f in case.of("recruit_permit_issued") if f.text("job_order_no") == order and f.at <= use.at]
    data["permit"] = bool(permits)
    rests_on += permits
    if approved:
        quota = max(approved, key=in_order)
        placed = sorted(
            (one.at, one.text("member"))
            for one in case.mentions
            if one.text("type") == "epmi_issued" and one.text_or_none("job_order_no") == order and one.at <= use.at
        )
        if len({member for _, member in placed}) > quota.number("quota"):
            data["over_quota"] = True
            rests_on.append(quota)
