"""The sign-in of people with a browser: who comes in, what another site's page cannot do, and when it is over."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from redis.exceptions import ConnectionError as RedisAway

from streams.feed.access import Access, local_path
from streams.feed.apikeys import Key, digest, new_secret, save
from streams.feed.callers import Grant
from streams.feed.sessions import Session
from streams.settings import SettingsError
from tests.gate import browser, gate, opened, settings

USER = "contoh-supervisor-cgk"
DEVELOPMENT = {"sign_in": "development"}


async def test_development_comes_in_with_a_click_and_says_who() -> None:
    async with gate(**DEVELOPMENT) as app, browser(app) as web:
        answer = await web.post("/signin", data={"user": USER, "next": "/alerts?state=open"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/alerts?state=open")
        cookies = {one.partition("=")[0]: one for one in answer.headers.get_list("set-cookie")}
        assert "HttpOnly" in cookies["suar"]
        assert "SameSite=Lax" in cookies["suar"]
        assert "Secure" not in cookies["suar"]
        assert "HttpOnly" not in cookies["suar_csrf"]
        me = (await web.get("/v1/me")).json()
        assert me["grants"] == ["SUPERVISOR:A-CGK"]
        assert me["csrf"] == web.cookies["suar_csrf"]


@pytest.mark.parametrize("mode", ["closed", "oidc"])
async def test_elsewhere_there_is_no_such_sign_in(mode: str) -> None:
    async with gate(sign_in=mode, oidc_issuer="http://127.0.0.1:9", oidc_client_id="suar") as app, browser(app) as web:
        assert (await web.post("/signin", data={"user": USER})).status_code == 404
        assert not web.cookies


async def test_only_fictional_users_come_in() -> None:
    async with gate(**DEVELOPMENT) as app, browser(app) as web:
        assert (await web.post("/signin", data={"user": "root"})).status_code == 404
        assert (await web.get("/thing")).status_code == 401


async def test_another_site_cannot_sign_anybody_in() -> None:
    async with gate(**DEVELOPMENT) as app, browser(app) as web:
        for headers in ({"origin": "https://elsewhere.test"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
            assert (await web.post("/signin", data={"user": USER}, headers=headers)).status_code == 403
        own = {"origin": "http://suar.test", "sec-fetch-site": "same-origin"}
        assert (await web.post("/signin", data={"user": USER}, headers=own)).status_code == 303


async def test_a_command_needs_the_sessions_token() -> None:
    async with gate(**DEVELOPMENT) as app, browser(app) as web:
        await web.post("/signin", data={"user": USER})
        token = web.cookies["suar_csrf"]
        assert (await web.get("/thing")).status_code == 200
        for headers in ({}, {"x-csrf-token": "0" * 64}, {"x-csrf-token": ""}):
            refused = await web.post("/thing", json={}, headers=headers)
            assert (refused.status_code, refused.json()["code"]) == (403, "csrf")
        assert (await web.post("/thing", json={}, headers={"x-csrf-token": token})).status_code == 200
        form = await web.post("/thing", data={"csrf": token, "text": "catatan"})
        assert form.json()["form"] == {"csrf": token, "text": "catatan"}
        assert (await web.post("/thing", data={"csrf": "0" * 64})).status_code == 403
        assert (await web.post("/thing", data={"text": "catatan"})).status_code == 403


async def test_the_token_of_another_session_does_not_count() -> None:
    async with gate(**DEVELOPMENT) as app, browser(app) as web, browser(app) as other:
        await web.post("/signin", data={"user": USER})
        await other.post("/signin", data={"user": USER})
        headers = {"x-csrf-token": other.cookies["suar_csrf"]}
        web.cookies.set("suar_csrf", other.cookies["suar_csrf"])
        assert (await web.post("/thing", json={}, headers=headers)).status_code == 403


async def test_sign_out_ends_the_session_everywhere() -> None:
    async with gate(**DEVELOPMENT) as app, browser(app) as web, browser(app) as copy:
        await web.post("/signin", data={"user": USER})
        copy.cookies.set("suar", web.cookies["suar"])
        assert (await copy.get("/thing")).status_code == 200
        assert (await web.post("/signout")).status_code == 403
        out = await web.post("/signout", data={"csrf": web.cookies["suar_csrf"]})
        assert (out.status_code, out.headers["location"]) == (303, "/signin")
        assert "suar" not in web.cookies
        assert (await copy.get("/thing")).status_code == 401


async def test_redis_away_keeps_nobody_from_work() -> None:
    class Away:
        async def call(self, *_: str) -> int:
            raise RedisAway

    async with gate(Away(), **DEVELOPMENT) as app, browser(app) as web:
        await web.post("/signin", data={"user": USER})
        assert (await web.get("/thing")).status_code == 200


async def test_an_idle_session_is_over_and_a_used_one_goes_on() -> None:
    async with gate(**DEVELOPMENT) as app, browser(app) as web:
        sessions = app.state.suar.access.sessions
        now = datetime.now(UTC)
        for age, status, renewed in ((31, 401, False), (29, 200, True), (0, 200, False)):
            session = Session.begin("petugas-77", [Grant("COORDINATOR")], now - timedelta(minutes=age))
            web.cookies.set("suar", sessions.sealed(session), domain="suar.test")
            answer = await web.get("/thing")
            assert answer.status_code == status
            assert ("suar=" in answer.headers.get("set-cookie", "")) is renewed
            web.cookies.clear()


async def test_outside_development_cookies_travel_over_https_alone() -> None:
    mode = {"sign_in": "oidc", "oidc_issuer": "http://127.0.0.1:9", "oidc_client_id": "suar"}
    async with gate(**mode) as app, browser(app, "https://suar.test") as web:
        session = Session.begin("petugas-77", [Grant("COORDINATOR")], datetime.now(UTC) - timedelta(minutes=5))
        web.cookies.set("__Host-suar", app.state.suar.access.sessions.sealed(session))
        cookies = (await web.get("/thing")).headers.get_list("set-cookie")
        assert len(cookies) == 2
        assert all("Secure" in one and "Path=/" in one and "SameSite=Lax" in one for one in cookies)


async def test_a_closed_gateway_takes_no_session_but_keys(tmp_path: Path) -> None:
    secret = new_secret()
    key = Key(hash=digest(secret), grants=("COUNTER:A-CGK",), expires=datetime.now(UTC) + timedelta(days=1))
    save(tmp_path / "keys.toml", {"cgk": key})
    async with gate(api_keys=tmp_path / "keys.toml") as app, browser(app) as web:
        session = Session.begin("petugas-77", [Grant("COORDINATOR")], datetime.now(UTC))
        for name in ("suar", "__Host-suar"):
            web.cookies.set(name, app.state.suar.access.sessions.sealed(session))
        assert (await web.get("/thing")).status_code == 401
        bearer = {"authorization": f"Bearer suar_cgk_{secret}"}
        assert (await web.get("/thing", headers=bearer)).json() == {"name": "cgk"}
        assert (await web.post("/thing", json={}, headers=bearer)).status_code == 200
        wrong = await web.get("/thing", headers={"authorization": f"Bearer suar_cgk_{new_secret()}"})
        assert wrong.status_code == 401
        assert "Bearer" in wrong.headers["www-authenticate"]
        assert wrong.headers["content-type"] == "application/problem+json"
        assert (await web.get("/thing", headers={"authorization": "Bearer ey.ey.ey"})).status_code == 401


async def test_who_guesses_must_wait_and_who_is_known_need_not(tmp_path: Path) -> None:
    secret = new_secret()
    key = Key(hash=digest(secret), grants=("COUNTER:A-CGK",), expires=datetime.now(UTC) + timedelta(days=1))
    save(tmp_path / "keys.toml", {"cgk": key})
    async with gate(api_keys=tmp_path / "keys.toml") as app, browser(app) as web:
        guess = {"authorization": "Bearer suar_cgk_guess"}
        statuses = [(await web.get("/thing", headers=guess)).status_code for _ in range(31)]
        assert statuses[:30] == [401] * 30
        assert statuses[30] == 429
        known = await web.get("/thing", headers={"authorization": f"Bearer suar_cgk_{secret}"})
        assert known.status_code == 200


async def test_a_caller_that_asks_too_often_must_wait(tmp_path: Path) -> None:
    async with gate(requests_per_minute=3, **DEVELOPMENT) as app, browser(app) as web, browser(app) as other:
        await web.post("/signin", data={"user": USER})
        statuses = [await web.get("/thing") for _ in range(4)]
        assert [one.status_code for one in statuses] == [200, 200, 200, 429]
        assert 1 <= int(statuses[3].headers["retry-after"]) <= 20
        await other.post("/signin", data={"user": "contoh-polri"})
        assert (await other.get("/thing")).status_code == 200


async def test_a_page_of_another_origin_opens_no_stream() -> None:
    async with gate(**DEVELOPMENT) as app, browser(app) as web:
        await web.post("/signin", data={"user": USER})
        cookie = f"suar={web.cookies['suar']}"
        assert await opened(app, "/ws", {"cookie": cookie, "origin": "http://suar.test"}) == "websocket.accept"
        assert await opened(app, "/ws", {"cookie": cookie, "origin": "http://elsewhere.test"}) != "websocket.accept"
        assert await opened(app, "/ws", {"origin": "http://suar.test"}) != "websocket.accept"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/alerts/1?x=2#y", "/alerts/1?x=2#y"),
        ("//elsewhere.test", "/"),
        ("https://elsewhere.test", "/"),
        ("/\\elsewhere.test", "/"),
        ("/a\nb", "/"),
        ("", "/"),
    ],
)
def test_a_sign_in_leads_nowhere_else(text: str, path: str) -> None:
    assert local_path(text) == path


@pytest.mark.parametrize(
    "wrong",
    [
        {"sign_in": "oidc", "oidc_issuer": None, "oidc_client_id": None},
        {"sign_in": "oidc", "oidc_issuer": "http://x", "oidc_client_id": "suar", "session_key": None},
        {"session_key": "short"},
    ],
)
async def test_a_gateway_that_cannot_tell_people_apart_does_not_start(wrong: dict[str, str | None]) -> None:
    values = {name: SecretStr(value) if name == "session_key" and value else value for name, value in wrong.items()}
    with pytest.raises(SettingsError):
        Access(settings().model_copy(update=values), None, None)  # type: ignore[arg-type]  # it must not get so far
