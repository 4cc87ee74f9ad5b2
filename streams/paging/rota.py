"""The rota from its file, or one line that says which place of which file is wrong, and why."""

import tomllib
from pathlib import Path

from pydantic import ValidationError

from schemas.paging import RotaBook
from schemas.policy import Policy
from streams.policy_lines import Lines


class RotaError(Exception):
    """The rota cannot be used; the text names the file, the line, the place in it and the reason."""


def load(path: Path) -> RotaBook:
    """The rota in that file. Raises RotaError."""
    text = ""
    try:
        text = path.read_bytes().decode()
        return RotaBook.model_validate(tomllib.loads(text))
    except OSError as error:
        raise RotaError(f"{path}: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RotaError(f"{path}: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = first["loc"]
        line = Lines(text).line(place)
        where = ".".join(map(str, place))
        reason = first["msg"].removeprefix("Value error, ")
        raise RotaError(f"{path}:{line}: {f'{where}: ' if where else ''}{reason}") from None


def refuse_short_sight(book: RotaBook, policy: Policy) -> None:
    """Alerts stay open for `alert_days`: a pager that reads less far back would miss some. Raises RotaError."""
    if book.limits.look_back_days <= policy.alert_days:
        raise RotaError(
            f"limits.look_back_days is {book.limits.look_back_days:g}, alerts stay open for {policy.alert_days} days: "
            "set it to more"
        )
    known = set(policy.checkpoints)
    for route in book.routes:
        strange = sorted(
            place for place in route.places - {"*"} if place[:2] in {"A-", "S-", "L-"} and place not in known
        )
        if strange:
            raise RotaError(f"a route of {route.role.value} names {strange[0]}, which is no checkpoint of the policy")
