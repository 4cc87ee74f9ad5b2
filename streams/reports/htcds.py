"""Export of cases to CSV by the Human Trafficking Case Data Standard, and reading it again."""

import csv
from io import StringIO

from agents.htcds import FIELDS, Case, Cases
from schemas.facts import decode
from schemas.topics import FACTS
from streams.reading import everything


async def read(kafka: str) -> list[Case]:
    """Every case that may be told. Raises aiokafka's errors."""
    cases = Cases()
    async for record in everything(kafka, FACTS.name):
        value = record.value or b""
        if b'"case_no"' in value or b'"retracts"' in value or b'"supersedes"' in value:
            cases.fact(decode(value))
    return cases.told()


def written(cases: list[Case]) -> str:
    """RFC 4180, with the standard's field names as header."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(FIELDS)
    writer.writerows([getattr(one, field) for field in FIELDS] for one in cases)
    return out.getvalue()


def reread(text: str) -> list[Case]:
    """What `written` wrote. Raises ValueError when its columns are others."""
    reader = csv.DictReader(StringIO(text))
    if tuple(reader.fieldnames or ()) != FIELDS:
        raise ValueError(f"the columns must be {', '.join(FIELDS)}")
    return [Case(**row) for row in reader]
