"""API keys: hashed at rest, turned and ended without a restart."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.cli import whole
from streams.feed import apikeys
from streams.feed.apikeys import ApiKeys, Key, KeysError, digest, load, new_secret, save
from streams.feed.callers import Grant

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
LATER = NOW + timedelta(days=30)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.toml"


@pytest.fixture(autouse=True)
def _looked_at_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apikeys, "LOOKED_AT_EVERY", -1.0)


def key(secret: str, **more: object) -> Key:
    return Key.model_validate({"hash": digest(secret), "grants": ["COUNTER:A-CGK"], "expires": LATER, **more})


def test_a_key_is_known_by_its_secret_alone(file: Path) -> None:
    secret = new_secret()
    save(file, {"cgk": key(secret), "dps": key(new_secret())})
    keys = ApiKeys(file)
    found = keys.caller(f"suar_cgk_{secret}", NOW)
    assert found is not None
    assert (found.name, found.kind, found.grants) == ("cgk", "system", frozenset({Grant("COUNTER", "A-CGK")}))
    assert keys.caller(f"suar_dps_{secret}", NOW) is None
    assert keys.caller(f"suar_nobody_{secret}", NOW) is None
    assert keys.caller("suar_cgk_", NOW) is None
    assert keys.caller(f"suar_cgk_{digest(secret)}", NOW) is None
    assert secret not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0


def test_expired_and_revoked_keys_are_unknown(file: Path) -> None:
    secret = new_secret()
    save(file, {"cgk": key(secret)})
    assert ApiKeys(file).caller(f"suar_cgk_{secret}", LATER) is None
    save(file, {"cgk": key(secret, revoked=True)})
    assert ApiKeys(file).caller(f"suar_cgk_{secret}", NOW) is None


def test_a_change_counts_without_a_restart(file: Path) -> None:
    first, second = new_secret(), new_secret()
    save(file, {"cgk": key(first)})
    keys = ApiKeys(file)
    save(file, {"cgk": key(first, next_hash=digest(second))})
    assert keys.caller(f"suar_cgk_{first}", NOW)
    assert keys.caller(f"suar_cgk_{second}", NOW)
    save(file, {"cgk": key(second)})
    assert keys.caller(f"suar_cgk_{first}", NOW) is None
    assert keys.caller(f"suar_cgk_{second}", NOW)


def test_a_broken_file_leaves_the_last_keys_in_force(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    secret = new_secret()
    save(file, {"cgk": key(secret)})
    keys = ApiKeys(file)
    file.write_text("[cgk")
    assert keys.caller(f"suar_cgk_{secret}", NOW)
    assert "the keys stay as they were" in caplog.text
    with pytest.raises(KeysError, match="not TOML"):
        ApiKeys(file)


@pytest.mark.parametrize(
    "text",
    [
        "[cgk]\nhash = 'short'\ngrants = ['COORDINATOR']\nexpires = 2027-01-01T00:00:00Z",
        f"[cgk]\nhash = '{'0' * 64}'\ngrants = ['ADMIN']\nexpires = 2027-01-01T00:00:00Z",
        f"[cgk]\nhash = '{'0' * 64}'\ngrants = []\nexpires = 2027-01-01T00:00:00Z",
        f"[cgk]\nhash = '{'0' * 64}'\ngrants = ['COORDINATOR']\nexpires = 2027-01-01T00:00:00",
        f"[CGK]\nhash = '{'0' * 64}'\ngrants = ['COORDINATOR']\nexpires = 2027-01-01T00:00:00Z",
        f"[cgk]\nhash = '{'0' * 64}'\ngrants = ['COORDINATOR']\nexpires = 2027-01-01T00:00:00Z\nsecret = 'x'",
    ],
)
def test_what_is_wrong_in_the_file_is_told(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(KeysError):
        load(file)


def suar(file: Path, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(whole(), ["keys", *words], env={**os.environ, "SUAR_API_KEYS": str(file)})
    return result.exit_code, result.stdout.strip()


def test_a_key_from_the_command_line_turns_and_ends(file: Path) -> None:
    code, first = suar(file, "new", "siskop2mi", "--grant", "AGENCY:siskop2mi")
    assert code == 0
    keys = ApiKeys(file)
    now = datetime.now(UTC)
    assert keys.caller(first, now)
    assert suar(file, "new", "siskop2mi", "--grant", "AGENCY:siskop2mi")[0] == 2
    _, second = suar(file, "new", "siskop2mi", "--turn")
    assert keys.caller(first, now)
    assert keys.caller(second, now)
    _, third = suar(file, "new", "siskop2mi", "--turn")
    assert [keys.caller(one, now) is not None for one in (first, second, third)] == [False, True, True]
    listed = suar(file, "list")[1]
    assert "AGENCY:siskop2mi" in listed
    assert load(file)["siskop2mi"].hash not in listed
    suar(file, "revoke", "siskop2mi")
    assert [keys.caller(one, now) for one in (first, second, third)] == [None] * 3
    _, fourth = suar(file, "new", "siskop2mi", "--turn")
    assert [keys.caller(one, now) is not None for one in (first, second, third, fourth)] == [False, False, False, True]


def test_the_command_line_refuses_what_it_cannot_grant(file: Path) -> None:
    assert suar(file, "new", "cgk", "--grant", "ADMIN")[0] == 2
    assert suar(file, "new", "cgk")[0] == 2
    assert suar(file, "new", "CGK 1", "--grant", "COORDINATOR")[0] == 2
    assert suar(file, "list")[0] == 2
    assert not file.exists()
