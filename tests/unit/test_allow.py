"""A row of the allow-list holds the pseudonym that admission makes, and never the value."""

import tomllib
from datetime import date

import pytest

from schemas.identity import Identifier, pseudonym
from streams.allow import AllowError, Kind, row

KEY = b"only for tests: thirty-two bytes"
UNTIL = date(2027, 6, 30)

SAME: list[tuple[Kind, str, str, Identifier]] = [
    (Kind.PHONE, "021-5550100", "contact", Identifier("itu", "e164", "+62215550100")),
    (Kind.EMAIL, " Balai@Example.ORG ", "contact", Identifier("ietf", "email", "balai@example.org")),
    (Kind.RECRUITER, "PT Contoh ", "recruiter", Identifier("self", "recruiter", "pt contoh")),
    (Kind.ADDRESS, "Jl. Mawar No. 5, Batam", "address", Identifier("self", "address", "mawar 5 batam")),
]


@pytest.mark.parametrize(("kind", "value", "subject", "same"), SAME, ids=[one[0].value for one in SAME])
def test_the_pseudonym_is_that_of_admission(kind: Kind, value: str, subject: str, same: Identifier) -> None:
    made = row(kind, value, until=UNTIL, reason='A "centre"', key=KEY)
    [read] = tomllib.loads(made)["allow"]
    assert read == {"subject": f"{subject}:{pseudonym(KEY, same)}", "reason": 'A "centre"', "until": UNTIL}
    assert value.strip() not in made


def test_a_refused_value_is_not_repeated() -> None:
    with pytest.raises(AllowError) as refused:
        row(Kind.PHONE, "secret-words", until=UNTIL, reason="x", key=KEY)
    assert "secret" not in str(refused.value)
    assert "that is no phone" in str(refused.value)


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_a_link(kind: Kind) -> None:
    values = {Kind.PHONE: "021-5550100", Kind.EMAIL: "a@example.org"}
    assert 'subject = "' in row(kind, values.get(kind, "contoh-1"), until=UNTIL, reason="x", key=KEY)
