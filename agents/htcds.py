"""Cases by the Human Trafficking Case Data Standard (HTCDS 2.0, IOM): what may be told of a case without telling whose it is."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

import msgspec
import pycountry

from agents.dossier import struck_out
from schemas.areas import FEWEST
from schemas.codes import ComplaintCategory, VictimStatus
from schemas.facts import Fact, in_order
from schemas.peduliwni import HandedTo

CONTROLS: Final = {
    ComplaintCategory.DECEPTION: "FalsePromises",
    ComplaintCategory.RESTRICTION_OF_MOVEMENT: "RestrictsMovement",
    ComplaintCategory.ISOLATION: "RestrictsMovement",
    ComplaintCategory.VIOLENCE: "PhysicalAbuse",
    ComplaintCategory.INTIMIDATION: "Threats",
    ComplaintCategory.DOCUMENT_RETENTION: "WithholdsDocuments",
    ComplaintCategory.WITHHELD_WAGES: "TakesEarnings",
    ComplaintCategory.DEBT_BONDAGE: "DebtBondage",
    ComplaintCategory.ABUSIVE_CONDITIONS: "WithholdsNecessities",
    ComplaintCategory.EXCESSIVE_OVERTIME: "ExcessiveWorkingHours",
    ComplaintCategory.ABUSE_OF_VULNERABILITY: "PsychologicalAbuse",
}
"""ILO indicators as methods of control; what has no counterpart is not told."""
LABOUR: Final = {ComplaintCategory.ONLINE_SCAM: "IllicitActivities"}
REFERRED: Final = {
    HandedTo.RPTC: "CentralGovernmentOrganisation",
    HandedTo.BP3MI: "CentralGovernmentOrganisation",
    HandedTo.POLRI: "LawEnforcement",
}
_VICTIM: Final = frozenset({VictimStatus.INDICATED, VictimStatus.CONFIRMED})
_KINDS: Final = frozenset({"complaint_filed", "case_assessed", "repatriation_completed", "case_closed"})


class Case(msgspec.Struct, frozen=True, order=True):
    """One case, by the standard's field names; `hte_Date` is the first of the month. Empty: not known, or not told."""

    prs_Nationality: str = "ID"  # noqa: N815 - the standard's spelling
    """ISO 3166-1 alpha-2."""
    hte_Type: str = "Exploitation"  # noqa: N815
    hte_Country: str = ""  # noqa: N815
    hte_Date: str = ""  # noqa: N815
    vic_MethodsOfControl: str = ""  # noqa: N815
    """Names of the picklist, divided by semicolons."""
    vic_TypeOfLabourExploitation: str = ""  # noqa: N815
    cas_Status: str = "Active"  # noqa: N815
    cas_ReferredOrganisation: str = ""  # noqa: N815
    """The type of the organisation, never its name."""


FIELDS: Final = tuple(Case.__struct_fields__)


class Cases:
    """Takes facts in any order, each as often as it comes."""

    def __init__(self) -> None:
        self._facts: dict[str, dict[str, Fact]] = defaultdict(dict)
        self._strikers: dict[str, Fact] = {}

    def fact(self, one: Fact) -> None:
        """Facts about cases; others are passed over."""
        if one.retracts is not None or one.supersedes is not None:
            self._strikers[one.id] = one
        if one.retracts is None and one.kind in _KINDS and (case := one.text_or_none("case_no")) is not None:
            self._facts[case].setdefault(one.id, one)

    def told(self, fewest: int = FEWEST) -> list[Case]:
        """Those whose person is assessed as a victim now: a complainant is not automatically one.

        A combination that fewer than `fewest` cases share loses its month, then its country, then what was done; rows
        that are still too few are left out. Rows are sorted, so that their order tells nothing.
        """
        dead = struck_out(self._strikers)
        made = [
            case
            for facts in self._facts.values()
            if (case := _case(sorted((one for name, one in facts.items() if name not in dead), key=in_order)))
            is not None
        ]
        for hidden in ({}, *_COARSER):
            counts = Counter(made)
            made = [one if counts[one] >= fewest else msgspec.structs.replace(one, **hidden) for one in made]
        counts = Counter(made)
        return sorted(one for one in made if counts[one] >= fewest)


_COARSER: Final[Sequence[dict[str, str]]] = (
    {"hte_Date": ""},
    {"hte_Date": "", "hte_Country": ""},
    {"hte_Date": "", "hte_Country": "", "vic_MethodsOfControl": "", "cas_ReferredOrganisation": ""},
)


def _case(facts: Sequence[Fact]) -> Case | None:
    """Of facts in their order."""
    status = [one.text_or_none("victim_status") for one in facts if one.kind == "case_assessed"]
    if not status or status[-1] not in _VICTIM:
        return None
    complaints = [one for one in facts if one.kind == "complaint_filed"]
    categories = {one.text_or_none("category") for one in complaints}
    controls = {CONTROLS[known] for known in CONTROLS if known in categories}
    if any(one.flag("passport_held") for one in complaints):
        controls.add("WithholdsDocuments")
    handed = [one.text_or_none("handed_to") for one in facts if one.kind == "repatriation_completed"]
    referred = next((kind for to, kind in REFERRED.items() if to in handed), "")
    closed = any(one.kind == "case_closed" for one in facts)
    return Case(
        hte_Country=_country(one.text_or_none("country") for one in facts),
        hte_Date=_month(facts[0].at.date()),
        vic_MethodsOfControl=";".join(sorted(controls)),
        vic_TypeOfLabourExploitation=";".join(sorted({LABOUR[known] for known in LABOUR if known in categories})),
        cas_Status=("ClosedReferred" if referred else "Closed") if closed else ("FollowUp" if handed else "Active"),
        cas_ReferredOrganisation=referred,
    )


def _month(day: date) -> str:
    return day.replace(day=1).isoformat()


def _country(alpha_3: Iterable[str | None]) -> str:
    """The first that is known, as alpha-2."""
    for code in alpha_3:
        found = pycountry.countries.get(alpha_3=code) if code else None
        if found is not None:
            return str(found.alpha_2)
    return ""
