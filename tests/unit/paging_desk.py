"""A desk with a clock for the tests of paging: what is due is made and sent at once."""

from datetime import timedelta
from typing import Any

from agents.calls import World
from agents.paging import Due, due
from schemas.alerts import Alert
from schemas.facts import digest
from schemas.paging import Matchers, Page, PageEnd, PageKind, PageResult, Quiet, Silence
from tests.feed.pager_alerts import START, book

ALL = frozenset({"desk", "port", ""})


class Desk:
    """A world with a clock: what is due is made and sent at once, as the log would have it."""

    def __init__(self, **limits: object) -> None:
        self.world = World(book(**limits))
        self.pages: list[Page] = []
        self.reached = True
        self.found = Due((), {})

    def hear(self, second: float, *alerts: Alert) -> None:
        for one in alerts:
            self.world.hear(one, START + timedelta(seconds=second))

    def look(self, second: float) -> list[Page]:
        now = START + timedelta(seconds=second)
        self.found = due(self.world, ALL, now, "me")
        for page in self.found.pages:
            assert self.world.ledger.claim(page) is not None, "what is due is never somebody else's"
            for name in page.channels if self.reached else ():
                end = PageEnd.SENT
                result = PageResult(key=page.key, rota=page.rota, channel=name, result=end, attempts=1, at=now)
                self.world.ledger.result(result)
        self.pages += self.found.pages
        return list(self.found.pages)

    def watch(self, begins: float, ends: float) -> list[tuple[float, PageKind, int, int]]:
        """Second, kind, level and count of every page between."""
        made = []
        for second in range(int(begins), int(ends) + 1):
            made += [(second, page.kind, page.level, len(page.claims)) for page in self.look(second)]
        return made

    def why(self, one: Alert, rota: str = "desk") -> Quiet | None:
        return self.found.quiet.get((rota, one.alert_id))


def silence(until: float = 3600, **matchers: Any) -> Silence:
    return Silence(
        id=digest("silence", *matchers),
        matchers=Matchers(**matchers),
        comment="drill at the port",
        by="officer-1",
        at=START,
        until=START + timedelta(seconds=until),
    )
