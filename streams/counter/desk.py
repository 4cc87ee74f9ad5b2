"""The desk: a terminal's screen, live where somebody looks at it, else lines as they come."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.live import Live

from streams.counter.cards import Card, View, at_a_gate, drawn
from streams.counter.counter import Counter
from streams.counter.gateway import AwayError, RefusedError
from streams.counter.keys import DOWN, UP, pressed
from streams.counter.screen import MOST, Screen, Window, drawing, on_screen, screen
from streams.counter.words import TO_A_COUNTER, Language

REFRESH = 1.0
"""Seconds after which the time left is drawn anew, though nothing changed."""


@dataclass(frozen=True, slots=True)
class _Looking:
    language: Language
    chosen: int = 0
    unfolded: bool = True
    ended: bool = False


class Desk:
    """Shows what a counter keeps, and says what was shown."""

    def __init__(self, counter: Counter, console: Console, *, language: Language, lane: str = "") -> None:
        settings = counter.settings
        self._counter, self._console = counter, console
        self._window = Window(settings.code, lane, settings.passed_after)
        self._zone = ZoneInfo(settings.zone)
        self._looking = _Looking(language)
        self._printed: set[tuple[str, str, int]] = set()
        self._errands: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until `q` is pressed or it is cancelled."""
        if at_a_gate(self._window.lane) or not self._console.is_terminal:
            while True:
                self._print(self._screen())
                await self._change()
        with Live(console=self._console, auto_refresh=False, screen=True) as live, pressed(self._press):
            while not self._looking.ended:
                now = self._screen()
                looking = self._looking
                live.update(
                    drawing(now, self._view, chosen=looking.chosen, unfolded=looking.unfolded),
                    refresh=True,
                )
                self._counter.store.show(on_screen(now), self._counter.now())
                await self._change()

    @property
    def _view(self) -> View:
        return View(self._looking.language, self._zone, self._counter.now())

    def _screen(self) -> Screen:
        counter = self._counter
        return screen(counter.store, self._window, counter.now(), counter.away_since)

    async def _change(self) -> None:
        """Waits until something may look different."""
        try:
            async with asyncio.timeout(REFRESH):
                await self._counter.changed.wait()
        except TimeoutError:
            pass
        self._counter.changed.clear()

    def _print(self, now: Screen) -> None:
        """Each card once, in each of its revisions; at a gate one line for each traveller who is led to a counter."""
        quiet = at_a_gate(self._window.lane)
        cards = {_gate_mark(card) if quiet else _mark(card): card for card in now.cards if card.grave or not quiet}
        for mark, card in cards.items():
            if mark in self._printed:
                continue
            self._console.print(self._view.say(TO_A_COUNTER) if quiet else drawn(card, self._view), highlight=False)
        self._printed = set(cards)
        if not quiet:
            self._counter.store.show([card.alert for card in now.cards if card.alert], self._counter.now())

    def _press(self, key: str) -> None:
        looking, cards = self._looking, min(MOST, len(self._screen().cards))
        match key:
            case "q":
                self._looking = replace(looking, ended=True)
            case "e":
                other = Language.EN if looking.language is Language.ID else Language.ID
                self._looking = replace(looking, language=other)
            case "t":
                self._looking = replace(looking, unfolded=not looking.unfolded)
            case "a":
                self._acknowledge()
            case _ if key in {UP, DOWN}:
                step = 1 if key == DOWN else -1
                self._looking = replace(looking, chosen=max(0, min(cards - 1, looking.chosen + step)))
            case _:
                pass
        self._counter.changed.set()

    def _acknowledge(self) -> None:
        cards = self._screen().cards
        card = cards[self._looking.chosen] if self._looking.chosen < len(cards) else None
        if card is not None and card.alert is not None:
            errand = asyncio.get_running_loop().create_task(self._seen(card.alert[0]))
            self._errands.add(errand)
            errand.add_done_callback(self._errands.discard)

    async def _seen(self, alert_id: str) -> None:
        """What could not be said can be said again: the card stays as it is."""
        with suppress(AwayError, RefusedError):
            await self._counter.acknowledge(alert_id)


def _gate_mark(card: Card) -> tuple[str, str, int]:
    return card.ref, "", 0


def _mark(card: Card) -> tuple[str, str, int]:
    return card.ref, card.word.en, card.alert[1] if card.alert else 0
