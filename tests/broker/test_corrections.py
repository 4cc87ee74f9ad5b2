"""A request for correction has an answer within 3 × 24 hours, or everybody can see that it has none."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from schemas.corrections import ANSWERED_WITHIN, Answer, Correction
from schemas.envelope import System
from schemas.topics import CORRECTIONS
from streams import corrections
from tests.broker.installation import Installation
from tests.broker.people import Traveller

pytestmark = pytest.mark.broker


def test_a_request_is_received_answered_and_names_nobody(suar: Installation) -> None:
    suar.recreate((CORRECTIONS,))
    who = Traveller()
    opened = suar.cli(
        "corrections", "open", "--agency", "dukcapil", "--about", "birth_date", "--by", "dpo-1", typed=f"{who.nik}\n"
    )
    assert opened.exit_code == 0, opened.output
    [one] = asyncio.run(corrections.register(suar.local.kafka.address)).values()
    assert one.subject.startswith("person:")
    assert one.due_at - one.received_at == timedelta(hours=72)
    assert not any(
        secret in (record.value or b"") + (record.key or b"")
        for record in suar.read(CORRECTIONS)
        for secret in who.secrets
    )
    assert f"{one.request_id} dukcapil birth_date" in " ".join(suar.cli("corrections", "list").output.split())
    done = suar.cli("corrections", "answer", one.request_id, "CORRECTED", "--by", "dpo-1")
    assert "CORRECTED, in time" in done.output
    assert "nothing waits" in suar.cli("corrections", "list").output
    assert suar.cli("corrections", "answer", one.request_id, "CORRECTED", "--by", "dpo-1").exit_code == 2
    assert suar.cli("corrections", "answer", "nobody", "CORRECTED", "--by", "dpo-1").exit_code == 5


def test_what_is_overdue_is_told_by_the_exit_code(suar: Installation) -> None:
    suar.recreate((CORRECTIONS,))
    received = datetime.now(UTC) - ANSWERED_WITHIN - timedelta(minutes=1)
    one = Correction("late", "person:x", System.SIMKIM, "passport_no", received, "dpo-1")
    asyncio.run(corrections.keep(suar.local.kafka.address, one))
    listed = suar.cli("corrections", "list")
    assert (listed.exit_code, "late" in listed.output) == (5, True)
    answered = suar.cli("corrections", "answer", "late", Answer.NOT_OURS.value, "--by", "dpo-1")
    assert "NOT_OURS, late" in answered.output
    assert suar.cli("corrections", "list").exit_code == 0
