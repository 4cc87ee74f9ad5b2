"""`suar checkpoint` as officers and gates meet it: what is printed, and the exit codes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from streams.cli import whole
from tests.feed.counter_line import CODE, PASSPORT, TOKEN, SmallGateway, served

KEY = "counter-key-of-nobody-counter-key-of-nobody"


@pytest.fixture
def gateway() -> Iterator[SmallGateway]:
    verdicts = {"FOUND": "ALERT", "OPEN": "UNDETERMINED", "SLOW": "LATER"}
    with served(SmallGateway(verdicts=verdicts)) as one:
        yield one


@pytest.fixture
def environment(gateway: SmallGateway, tmp_path: Path) -> dict[str, str]:
    return {
        "SUAR_CHECKPOINT_CODE": CODE,
        "SUAR_CHECKPOINT_URL": f"http://127.0.0.1:{gateway.port}",
        "SUAR_CHECKPOINT_TOKEN": TOKEN,
        "SUAR_CHECKPOINT_KEY": KEY,
        "SUAR_CHECKPOINT_STORE": str(tmp_path / "s.sqlite3"),
    }


def suar(environment: dict[str, str], *words: str, given: str = "") -> Result:
    return CliRunner().invoke(whole(), ["checkpoint", *words], input=given, env=environment)


def present(environment: dict[str, str], crossing: str, *words: str, **data: Any) -> Result:
    given = {"passport_no": PASSPORT, "lane": "COUNTER", "crossing_id": crossing, **data}
    return suar(environment, "attempt", *words, given=json.dumps(given))


@pytest.mark.parametrize(
    ("crossing", "code", "said"),
    [
        ("CLEAR", 0, "TIDAK ADA TEMUAN"),
        ("FOUND", 10, "▲ TINGGI"),
        ("OPEN", 11, "BELUM TERJAWAB"),
        ("SLOW", 11, "BELUM TERJAWAB"),
    ],
)
def test_an_attempt_has_a_card_and_a_code(environment: dict[str, str], crossing: str, code: int, said: str) -> None:
    result = present(environment, crossing)
    assert (result.exit_code, said in result.output) == (code, True), result.output
    assert PASSPORT not in result.output
    again = present(environment, crossing)
    if crossing != "SLOW":
        assert (again.exit_code, again.output) == (code, result.output), "the same attempt has the same answer"


def test_without_a_line_the_questions_are_asked_all_the_same(
    environment: dict[str, str], gateway: SmallGateway
) -> None:
    away = {**environment, "SUAR_CHECKPOINT_URL": "http://127.0.0.1:9"}
    result = present(away, "FOUND", "--language", "en")
    assert result.exit_code == 12, result.output
    assert "offline: not answered yet" in result.output
    assert "Where are you going finally?" in result.output
    assert present(environment, "CLEAR").exit_code == 0
    assert [one["crossing_id"] for one in gateway.arrived] == ["CLEAR", "FOUND"], (
        "first who stands here, then who waited"
    )
    assert present(environment, "FOUND").exit_code == 10


@pytest.mark.parametrize(("crossing", "code"), [("CLEAR", 0), ("FOUND", 10), ("OPEN", 11)])
def test_a_gate_says_one_thing_or_nothing(environment: dict[str, str], crossing: str, code: int) -> None:
    result = present(environment, crossing, lane="AUTOGATE")
    assert result.exit_code == code
    assert result.output == ("arahkan ke konter\n" if code == 10 else "")


def test_a_gate_without_a_line(environment: dict[str, str], gateway: SmallGateway) -> None:
    result = present({**environment, "SUAR_CHECKPOINT_URL": "http://127.0.0.1:9"}, "X", lane="AUTOGATE")
    assert (result.exit_code, result.output) == (12, "")
    present(environment, "FOUND", lane="AUTOGATE")
    assert gateway.shown == [], "no officer has seen it"


def test_what_was_shown_is_reported(environment: dict[str, str], gateway: SmallGateway) -> None:
    present(environment, "FOUND")
    assert [name for name, _ in gateway.shown] == ["alert-of-FOUND"]


def test_what_the_gateway_refuses_is_refused(environment: dict[str, str], gateway: SmallGateway) -> None:
    gateway.failures = [(422, {"code": "invalid"}, {})]
    result = present(environment, "X")
    assert (result.exit_code, "invalid" in result.output) == (2, True), result.output


def test_a_bad_attempt_names_its_field_and_not_its_value(environment: dict[str, str]) -> None:
    result = present(environment, "X", lane=7)
    assert (result.exit_code, "lane" in result.output) == (2, True)
    result = suar(environment, "attempt", given=json.dumps({"lane": "COUNTER", "passport_no": "NOBODYS-1234567890"}))
    assert (result.exit_code, "NOBODYS" in result.output) == (2, False)


def test_without_a_key_nothing_is_taken(environment: dict[str, str], gateway: SmallGateway) -> None:
    result = present({**environment, "SUAR_CHECKPOINT_KEY": ""}, "CLEAR")
    assert (result.exit_code, "SUAR_CHECKPOINT_KEY" in result.output) == (2, True)
    assert gateway.arrived == []


def test_status_and_export_tell_no_identity(environment: dict[str, str]) -> None:
    present(environment, "FOUND")
    present({**environment, "SUAR_CHECKPOINT_URL": "http://127.0.0.1:9"}, "WAITS")
    keyless = {**environment, "SUAR_CHECKPOINT_KEY": ""}
    keyless.pop("SUAR_CHECKPOINT_KEY")
    status = suar(keyless, "status")
    assert status.exit_code == 0, status.output
    assert "attempts waiting" in status.output
    assert "(600)" in status.output.replace("\n", "")
    export = suar(keyless, "export")
    rows = [json.loads(line) for line in export.output.splitlines()]
    assert [(row["what"], row.get("crossing_id") or row["body"]["crossing_id"]) for row in rows] == [
        ("answer", "FOUND"),
        ("attempt", "FOUND"),
        ("attempt", "WAITS"),
    ]
    assert PASSPORT not in export.output + status.output


def test_help_lists_the_exit_codes() -> None:
    text = " ".join(suar({}, "attempt", "--help").output.split())
    assert "0 nothing found, 10 alert, 11 undetermined, 12 offline" in text
