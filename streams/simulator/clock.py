"""The simulator's time: whole seconds since 1970 in UTC, and days as whole numbers since 1970-01-01."""

from datetime import UTC, date, datetime
from functools import lru_cache

DAY = 86_400
HOUR = 3_600
MINUTE = 60
_FIRST = date(1970, 1, 1).toordinal()


@lru_cache(maxsize=16_384)
def day_text(day: int) -> str:
    """A day as ISO 8601."""
    return date.fromordinal(_FIRST + day).isoformat()


def iso(second: int) -> str:
    """A moment as RFC 3339 in UTC."""
    day, rest = divmod(second, DAY)
    minutes, seconds = divmod(rest, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{day_text(day)}T{hours:02d}:{minutes:02d}:{seconds:02d}+00:00"


def day_of(calendar: date) -> int:
    """The number of a day."""
    return calendar.toordinal() - _FIRST


def calendar_of(day: int) -> date:
    """The day of a number."""
    return date.fromordinal(_FIRST + day)


def moment(second: int) -> datetime:
    """A moment as a value with its zone."""
    return datetime.fromtimestamp(second, UTC)


def second_of(instant: datetime) -> int:
    """The second of a moment that has its zone."""
    return int(instant.timestamp())
