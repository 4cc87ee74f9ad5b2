"""Erase: a subject forgets what happened up to a moment, and so do the papers that told of it (UU 27/2022 Art. 43, 44)."""

import msgspec

from agents.assess import Context
from agents.decide import Decision, Why, take_back
from agents.dossier import Dossier, Said
from schemas.alerts import Alert, Evidence
from schemas.facts import ERASED, Fact, Note, erasure
from schemas.identity import Subject, SubjectKind, subject


def papers(dossier: Dossier, erased: Fact) -> tuple[Note, ...]:
    """Documents and earlier numbers that told this subject anything: they forget as well."""
    told = {Subject(fact.via) for fact in dossier.held.values() if fact.via is not None}
    issued = {fact.text("passport_no") for fact in dossier.held.values() if fact.kind == "passport_issued"}
    told |= {subject(SubjectKind.DOCUMENT, number) for number in issued}
    return tuple(Note(one, erasure(one, erased.at)) for one in sorted(told - {dossier.subject}))


def masked(said: Said, fact: Fact | None, erased: Fact, context: Context) -> Decision:
    """The last word on a trigger that is forgotten: it says that there was an alert, and of which rules; it names nobody
    and leans on no event.
    """
    taken = take_back(said, fact, Why.ERASED, context)
    if said.alert is None:
        return taken
    last = taken.alert or Alert.model_validate_json(said.alert)
    alert = last.model_copy(
        update={
            **dict.fromkeys(("subject", "trigger_id", "trace_id"), ERASED),
            "revision": said.alert_revision + 1,
            "reason": Why.ERASED.value,
            "members": (),
            "handling": (),
            "evidence": (Evidence(event_id=ERASED, system="suar", type=ERASED, at=erased.at),),
        }
    )
    return msgspec.structs.replace(taken, why=Why.ERASED, alert=alert)


def bare(dossier: Dossier) -> Dossier:
    """Without what was only remembered about things that are forgotten: they cannot come back, so nothing is said twice."""
    about = {fact.id for fact in dossier.held.values()}
    return msgspec.structs.replace(
        dossier,
        said={key: said for key, said in dossier.said.items() if said.about in about},
        mentions={key: told for key, told in dossier.mentions.items() if told.content},
        answers={name: told for name, told in dossier.answers.items() if name in about},
    )
