"""Sessions end when idle, after a day's work and at sign-out; nobody makes or keeps one alive otherwise."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest

from streams.feed.callers import Grant
from streams.feed.sessions import ABSOLUTE, IDLE, Session, Sessions

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
KEY = b"k" * 32


def begun() -> Session:
    return Session.begin("petugas-77", [Grant("SUPERVISOR", "A-CGK")], NOW)


def test_a_session_comes_back_as_it_was() -> None:
    session = begun()
    opened = Sessions(KEY).opened(Sessions(KEY).sealed(session), NOW)
    assert opened == session
    assert opened is not None
    assert opened.caller.grants == frozenset({Grant("SUPERVISOR", "A-CGK")})
    assert opened.caller.session == session.sid


def test_it_ends_when_idle() -> None:
    sessions, text = Sessions(KEY), Sessions(KEY).sealed(begun())
    assert sessions.opened(text, NOW + IDLE - timedelta(seconds=1))
    assert sessions.opened(text, NOW + IDLE) is None


def test_use_keeps_it_alive_but_not_for_ever() -> None:
    sessions, session, now = Sessions(KEY), begun(), NOW
    while now < NOW + ABSOLUTE:
        assert sessions.opened(sessions.sealed(session), now), f"over after {now - NOW}"
        session = session.renewed(now) or session
        now += timedelta(minutes=29)
    assert now - NOW < ABSOLUTE + timedelta(minutes=29)
    assert sessions.opened(sessions.sealed(session), now) is None


def test_a_young_cookie_is_not_written_again() -> None:
    assert begun().renewed(NOW + timedelta(seconds=59)) is None
    assert begun().renewed(NOW + timedelta(seconds=60)) is not None


@pytest.mark.parametrize("forger", [b"o" * 32, b""])
def test_another_key_opens_nothing(forger: bytes) -> None:
    assert Sessions(KEY).opened(Sessions(forger).sealed(begun()), NOW) is None


def test_what_was_signed_for_another_purpose_is_no_session() -> None:
    sessions = Sessions(KEY)
    claims = jwt.decode(sessions.sealed(begun()), options={"verify_signature": False})
    attempt = sessions.sign({**claims, "purpose": "suar-attempt"}, NOW + timedelta(hours=1))
    assert sessions.opened(attempt, NOW) is None
    assert sessions.opened(jwt.encode(claims, "", "none"), NOW) is None


def test_a_role_that_no_longer_exists_ends_the_session() -> None:
    sessions, session = Sessions(KEY), begun()
    odd = Session(session.name, ("ADMIN:*",), session.sid, session.began, session.seen)
    assert sessions.opened(sessions.sealed(odd), NOW) is None


def test_a_token_belongs_to_one_session_and_one_key() -> None:
    sessions, one, other = Sessions(KEY), begun(), begun()
    token = sessions.token(one.sid)
    assert sessions.is_token(one.sid, token)
    assert not sessions.is_token(other.sid, token)
    assert not sessions.is_token(one.sid, Sessions(b"o" * 32).token(one.sid))
    assert not sessions.is_token(one.sid, "")
    assert not sessions.is_token(one.sid, "é")
