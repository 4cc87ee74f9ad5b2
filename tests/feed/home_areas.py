"""Counts as the core publishes them, of areas that do not exist."""

from datetime import date

from schemas.areas import AreaCount, AreaLevel, Indicator
from schemas.topics import AREAS
from streams.produce import Record

KABUPATEN, DESA, NEIGHBOUR, ELSEWHERE = "9901", "9901012001", "9901012002", "9902012001"


def count(area: str, indicator: Indicator, people: int | None, *, revision: int = 1, days: int = 90) -> Record:
    """One count, as it lies on the topic; k is 3."""
    one = AreaCount(
        area=area,
        level=AreaLevel.KABUPATEN if len(area) == len(KABUPATEN) else AreaLevel.DESA,
        indicator=indicator,
        window_days=days,
        at_least=3,
        people=people,
        within_hours=24 if indicator is Indicator.COMPLAINT_TO_PIPELINE and people else None,
        as_of=date(2026, 11, revision),
        revision=revision,
        policy_version="2026.11",
    )
    return Record(AREAS.name, one.key.encode(), one.model_dump_json().encode())


def told() -> list[Record]:
    """A kabupaten with two desa, and a desa elsewhere; one number was replaced, one suppressed."""
    return [
        count(KABUPATEN, Indicator.HARM, 12),
        count(KABUPATEN, Indicator.PASSPORTS, 4800, revision=2),
        count(KABUPATEN, Indicator.COMPLAINT_TO_PIPELINE, 6),
        count(DESA, Indicator.HARM, 6, revision=3),
        count(DESA, Indicator.HARM, 3, revision=2),
        count(DESA, Indicator.PASSPORTS, 240),
        count(DESA, Indicator.LETTER_IN_DOUBT, 3, revision=1),
        count(DESA, Indicator.LETTER_IN_DOUBT, None, revision=4),
        count(NEIGHBOUR, Indicator.REGISTERED_WITHOUT_EPMI, 3),
        count(NEIGHBOUR, Indicator.PASSPORTS, 300, days=30),
        count(ELSEWHERE, Indicator.HARM, 9),
        Record(AREAS.name, f"{ELSEWHERE}/PASSPORTS".encode(), b'{"people": 2}'),
    ]
