"""Holder: whose a dossier is, as the registries tell it: family cards, homes, births, and what became of the number."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from agents.lazy import lazy
from agents.things import years
from schemas.facts import GATHERED, Fact, in_order
from schemas.identity import Subject, SubjectKind, subject

_DOCUMENT = f"{SubjectKind.DOCUMENT}:"
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_CARDS = ("resident_registered", "household_changed", "passport_application_submitted", "cpmi_registered")
HOMES = (
    "resident_registered",
    "residence_moved",
    "passport_application_submitted",
    "cpmi_registered",
    "cpmi_id_issued",
)
ENDINGS = ("death_registered", "nik_deactivated", "death_corrected", "nik_reactivated")


class Holder:
    """A dossier's standing facts, by kind and in event-time order, and what they say of whoever holds it."""

    def __init__(self, subject: Subject, facts: Sequence[Fact], epoch: int = 0, now: datetime | None = None) -> None:
        self.subject = subject
        self.epoch = epoch
        """Of a document: how often its owner changed."""
        self.now = now or max((fact.admitted_at for fact in facts), default=_BEGINNING)
        """The latest moment at which anything was looked at here, UTC: only rules about silence read it."""
        self.facts = facts
        by_kind: dict[str, list[Fact]] = {}
        for fact in facts:
            if (alike := by_kind.get(fact.kind)) is None:
                by_kind[fact.kind] = [fact]
            else:
                alike.append(fact)
        self.by_kind = by_kind

    @property
    def identified(self) -> bool:
        """False for a document whose owner is not known."""
        return not self.subject.startswith(_DOCUMENT)

    def of(self, *kinds: str) -> Sequence[Fact]:
        """Facts of these kinds, each kind in event-time order."""
        if len(kinds) == 1:
            return self.by_kind.get(kinds[0], ())
        by_kind = self.by_kind
        return [fact for kind in kinds if kind in by_kind for fact in by_kind[kind]]

    def households(self, at: datetime, days: int) -> frozenset[str]:
        """Family cards that are this person's at a moment, or were within so many days before it; pseudonyms.

        A card counts until the next one begins; an empty answer means *not known*.
        """
        earliest = at - timedelta(days=days)
        return frozenset(card for card, ends in self._cards if ends is None or ends >= earliest)

    @lazy
    def _cards(self) -> list[tuple[str, datetime | None]]:
        """Every family card in the order of time, and when the next other one begins."""
        cards = [(f.at, f.text("kk_no")) for f in self.of(*_CARDS) if f.text_or_none("kk_no")]
        cards += [
            (_BEGINNING, f.text("previous_kk_no"))
            for f in self.of("household_changed")
            if f.text_or_none("previous_kk_no")
        ]
        cards.sort()
        return [
            (card, next((later for later, other in cards[index + 1 :] if other != card), None))
            for index, (_, card) in enumerate(cards)
        ]

    def desa(self, at: datetime) -> str | None:
        """The home desa or kelurahan as last told up to a moment (10 digits); None when no system said."""
        known = [f for f in self._homes if f.at <= at] or self._homes[:1]
        return max(known, key=in_order).text("desa_code") if known else None

    @lazy
    def _homes(self) -> list[Fact]:
        """What told where home is, kind by kind."""
        return [f for f in self.of(*HOMES) if f.text_or_none("desa_code")]

    def home(self, at: datetime) -> str | None:
        """The home desa as last told up to a moment, and never by anything later; None when no system had said."""
        told = [f for f in self._homes if f.at <= at]
        return max(told, key=in_order).text("desa_code") if told else None

    def domiciles(self, at: datetime, days: int) -> tuple[Fact, ...]:
        """The registry's word on every home that was this person's at a moment or within so many days before it."""
        told = [
            f for f in self.of("resident_registered", "residence_moved") if f.at <= at and f.text_or_none("desa_code")
        ]
        told.sort(key=in_order)
        earliest = at - timedelta(days=days)
        ends = [later.at for later in told[1:]] + [at]
        return tuple(fact for fact, end in zip(told, ends, strict=False) if end >= earliest)

    def kabupaten(self, at: datetime) -> str | None:
        """The first four digits of the home desa."""
        home = self.desa(at)
        return home[:4] if home else None

    @lazy
    def registered_birth(self) -> date | None:
        """Date of birth by the registry's last word; None when it said nothing."""
        return self.registered_births[-1][1] if self.registered_births else None

    @lazy
    def registered_births(self) -> tuple[tuple[Fact, date], ...]:
        """Every date of birth that the registry gave, and where, in event-time order."""
        told = sorted(self.of("resident_registered", "biodata_changed"), key=in_order)
        dated = ((fact, fact.day("birth_date") or fact.day("new_birth_date")) for fact in told)
        return tuple((fact, born) for fact, born in dated if born is not None)

    def own(self, *kinds: str) -> list[Fact]:
        """Facts that name this very number, in event-time order: not those of a temporary one that it replaced."""
        told = self.of(*kinds)
        if not told:
            return []
        name = self.subject.partition(":")[2]
        return sorted((fact for fact in told if fact.text_or_none("nik") == name), key=in_order)

    def switched_off(self, at: datetime | None = None) -> Fact | None:
        """What ended this number up to a moment (None: ever) and was not corrected since, whenever that was; None: active."""
        died, ended = None, None
        for fact in sorted(self.of(*ENDINGS), key=in_order):
            until = at is None or fact.at <= at
            match fact.kind:
                case "death_registered" if until:
                    died = fact
                case "nik_deactivated" if until and fact.text_or_none("nik") == self.subject.partition(":")[2]:
                    ended = fact
                case "death_corrected":
                    died = None
                    ended = None if ended and ended.text("reason_code") == "DEATH" else ended
                case "nik_reactivated":
                    died = ended = None
                case _:
                    pass
        return died or ended

    @lazy
    def compared(self) -> dict[Subject, Fact]:
        """By other number: the registry's last word on whether its face or finger is this one's."""
        own = self.subject.partition(":")[2]
        found: dict[Subject, Fact] = {}
        for fact in self.of("biometric_match_result"):
            numbers = {name for field in ("nik", "other_nik") if (name := fact.text_or_none(field))}
            if own in numbers and len(numbers) > 1:
                (other,) = numbers - {own}
                found[subject(SubjectKind.PERSON, other)] = fact
        return found

    def face_use(self, other: Subject) -> str:
        """The name of the use under which this number hears of another that has the same face."""
        return f"biometric/{'/'.join(sorted((self.subject, other)))}"

    @lazy
    def contested(self) -> tuple[Fact, ...]:
        """Passports issued to this person that were issued to another number later; both records stand."""
        lost = {fact.text("link") for fact in self.of(GATHERED) if fact.flag("contested")}
        if not lost:
            return ()
        return tuple(
            f for f in self.of("passport_issued") if subject(SubjectKind.DOCUMENT, f.text("passport_no")) in lost
        )

    def issuance(self, document: str) -> Fact | None:
        """The last standing issuance of a document."""
        found = [fact for fact in self.of("passport_issued") if fact.text("passport_no") == document]
        return found[-1] if found else None

    def applied_for(self, issued: Fact, upto: datetime | None = None) -> Fact | None:
        """The application that a passport came from, when its number was stated; as it stood at a moment (None: last)."""
        number = issued.text_or_none("application_no")
        found = [
            f
            for f in self.of("passport_application_submitted")
            if f.text("application_no") == number and (upto is None or f.at <= upto)
        ]
        return found[-1] if found else None

    def birth_in(self, issued: Fact) -> date | None:
        """Date of birth as a passport has it, or as its application had."""
        asked = self.applied_for(issued)
        return issued.day("birth_date") or (asked.day("birth_date") if asked else None)

    @lazy
    def passport_birth(self) -> date | None:
        """Date of birth as the last passport or application has it."""
        born = None
        for fact in sorted(self.of("passport_application_submitted", "passport_issued"), key=in_order):
            born = fact.day("birth_date") or born
        return born

    def age(self, at: datetime) -> int | None:
        """Whole years at a moment, by the registry, or else by the passport; None when neither tells."""
        born = self.registered_birth or self.passport_birth
        return None if born is None else years(born, at.date())
