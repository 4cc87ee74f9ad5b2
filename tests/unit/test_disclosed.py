"""Who it is, as the gateway opens it: noted under everybody whose seals are opened, and of nobody who is forgotten."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr

from agents import dossier as dossiers
from agents.disclosure import Purpose
from agents.dossier import Dossier
from schemas.facts import Fact
from schemas.identity import Subject
from schemas.register import Entry, Part, encode, forgotten, key_of
from schemas.topics import FACTS, IDENTITIES
from streams import metrics
from streams.app import build
from streams.feed import identities
from streams.feed.callers import Caller, Grant
from streams.feed.problems import Problem
from streams.feed.store import Held
from streams.keep import blob_of
from streams.policy import load
from streams.produce import partition_of
from streams.sealing import Opener, Sealer, pair
from streams.settings import ROOT, Settings
from streams.store import place

PRIVATE, PUBLIC = pair()
SEALER = Sealer(PUBLIC)
NOW = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)
PERSON, DOCUMENT = Subject("person:1"), Subject("document:1")
NAME = "CONTOH REKAAN"


@dataclass
class Desk:
    """A gateway with one alert, and a Redis that is a dict. It remembers what was noted, and what had been read by then."""

    subject: Subject
    views: dict[str, str] = field(default_factory=lambda: {"SUPERVISOR:A-CGK": "RAISED"})
    redis: dict[str, bytes] = field(default_factory=dict)
    noted: list[str] = field(default_factory=list)
    opened_before: bool = False
    opener: Opener = field(default_factory=lambda: Opener(SecretStr(PRIVATE)))
    settings: Any = field(default_factory=lambda: SimpleNamespace(namespace="t"))

    def knows(self, *known: Dossier) -> None:
        for one in known:
            at = place("t", FACTS.name, partition_of(one.subject.encode()))
            self.redis[f"{at}d:{one.subject}"] = dossiers.encode(one)

    def keeps(self, subject: Subject, entry: Entry) -> None:
        key = key_of(subject, Part.NAME)
        self.redis[place("t", IDENTITIES.name, partition_of(key.encode())) + blob_of(key)] = encode(entry)

    async def call(self, _: str, key: str) -> bytes | None:
        return self.redis.get(key)

    async def all(self, commands: Sequence[tuple[str, str]]) -> list[bytes | None]:
        self.opened_before = not self.noted
        return [self.redis.get(key) for _, key in commands]

    async def alert(self, _: str) -> Held:
        whole = json.dumps({"subject": self.subject, "trigger_id": "t"}).encode()
        views = {feed: json.dumps({"state": state}).encode() for feed, state in self.views.items()}
        return Held(1, whole, views, None)

    async def certainly(self, who: Caller, what: str, ids: Iterable[str], request: object) -> None:
        self.noted += [what, *ids]

    async def asked(self, *grants: str, purpose: Purpose = Purpose.MEET) -> dict[str, str | None]:
        """The one person of the answer."""
        suar = SimpleNamespace(
            settings=self.settings,
            teller=self,
            audit=self,
            opener=self.opener,
            boards=SimpleNamespace(store=self),
        )
        request: Any = SimpleNamespace(app=SimpleNamespace(state=SimpleNamespace(suar=suar)))
        who = Caller("petugas-1", "person", frozenset(map(Grant.parse, grants or ("SUPERVISOR:A-CGK",))))
        answer = await identities.identity(request, who, "a", identities.Asking(purpose=purpose))
        [one] = json.loads(bytes(answer.body))["people"]
        return dict(one)


def _sealed(subject: Subject, hours: int = 0) -> Entry:
    return Entry(NOW + timedelta(hours=hours), SEALER.seal(NAME, key_of(subject, Part.NAME)))


async def test_a_look_is_noted_under_everybody_whose_name_it_may_open() -> None:
    desk = Desk(DOCUMENT)
    fact = Fact("simkim/1", "crossing_attempted", "simkim", NOW, NOW, via="document:2")
    desk.knows(Dossier(DOCUMENT, owner=PERSON), Dossier(PERSON, held={fact.id: fact}))
    desk.keeps(PERSON, _sealed(PERSON))
    assert (await desk.asked())["name"] == NAME
    assert desk.noted == ["identity:meet", "a", DOCUMENT, PERSON, "document:2"]
    assert not desk.opened_before


async def test_what_an_owner_forgets_no_document_of_hers_tells() -> None:
    desk = Desk(DOCUMENT)
    desk.keeps(DOCUMENT, _sealed(DOCUMENT))
    desk.knows(Dossier(DOCUMENT, owner=PERSON), Dossier(PERSON))
    assert (await desk.asked())["name"] == NAME
    desk.knows(Dossier(PERSON, erased=NOW))
    assert (await desk.asked())["name"] is None
    desk.keeps(DOCUMENT, _sealed(DOCUMENT, hours=1))
    assert (await desk.asked())["name"] == NAME, "what is new is told"
    desk.keeps(DOCUMENT, forgotten(NOW))
    assert (await desk.asked())["name"] is None


async def test_what_no_key_opens_is_counted() -> None:
    desk = Desk(PERSON, opener=Opener(SecretStr(pair()[0])))
    desk.keeps(PERSON, _sealed(PERSON))
    before = metrics.UNOPENED._value.get()
    assert (await desk.asked())["name"] is None
    assert metrics.UNOPENED._value.get() == before + 1


@pytest.mark.parametrize("here", ["WITHDRAWN", "EXPIRED"])
async def test_an_alert_counts_as_it_stands_on_the_feed_that_lends_the_purpose(here: str) -> None:
    desk = Desk(PERSON, {"SUPERVISOR:A-CGK": here, "COUNTER:A-CGK": "RAISED", "BP3MI:*": "RAISED"})
    with pytest.raises(Problem, match="not_your_purpose"):
        await desk.asked("SUPERVISOR:A-CGK", "COUNTER:A-CGK")
    assert desk.noted == []
    assert (await desk.asked("SUPERVISOR:A-CGK", "BP3MI"))["subject"] == PERSON


def test_a_worker_that_seals_nothing_still_obeys_an_erasure() -> None:
    app = build(Settings(pseudonym_key=SecretStr("k" * 32)), load(ROOT / "deploy/policy/2026-11.toml"))
    assert "streams.app.keep" in app.agents or "keep" in app.agents
