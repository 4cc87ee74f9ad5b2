"""For a counter or a gate: follow a checkpoint over HTTP, send attempts, and go on while the line is cut."""

import asyncio
import fcntl
import json
import os
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Final, NoReturn, TypeVar
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from schemas.alerts import Verdict
from streams.counter import settings as settings_of
from streams.counter.cards import Card, View, at_a_gate, drawn, of_answer, of_waiting
from streams.counter.counter import Counter, utc_now
from streams.counter.desk import Desk
from streams.counter.gateway import AwayError, Gateway, RefusedError
from streams.counter.outbox import Attempt, BadAttemptError, Outbox, attempts
from streams.counter.outbox import attempt as attempt_of
from streams.counter.seal import Seal
from streams.counter.seen import SeenAnswer, moment
from streams.counter.settings import CounterSettings
from streams.counter.store import Store, StoreError
from streams.counter.words import TO_A_COUNTER, Language, say

checkpoint = typer.Typer(
    help="The reference client of a checkpoint: it needs the gateway's address and nothing else.", no_args_is_help=True
)

Code = Annotated[str | None, typer.Option("--checkpoint", help="The TPI of this terminal [SUAR_CHECKPOINT_CODE]")]
Url = Annotated[str | None, typer.Option(help="Address of the gateway [SUAR_CHECKPOINT_URL]")]
File = Annotated[Path | None, typer.Option("--store", help="File of the local store [SUAR_CHECKPOINT_STORE]")]
Lang = Annotated[Language, typer.Option("--language", "--lang", help="Of what is shown")]

Result = TypeVar("Result")

# Not those of `commands.terminal`: a terminal at a counter needs neither Kafka nor Redis, and starts in half a second.
console = Console()
errors = Console(stderr=True)


def fail(text: str) -> NoReturn:
    """One line that says what to do; exit code 2."""
    errors.print(f"[red]✗[/red] {text}", highlight=False, soft_wrap=True)
    raise typer.Exit(2)


DRAINED: Final = 10.0
"""Seconds that `attempt` spends, after its card, on attempts that an outage left behind."""


class Told(IntEnum):
    """Exit codes of `suar checkpoint attempt`; 2 stays wrong usage, or refused by the gateway."""

    NOTHING_FOUND = 0
    ALERT = 10
    UNDETERMINED = 11
    OFFLINE = 12


@checkpoint.command("run")
def run(
    code: Code = None,
    url: Url = None,
    store: File = None,
    lane: Annotated[str, typer.Option(help="Only attempts of this lane; AUTOGATE is the screen of a gate")] = "",
    language: Lang = Language.ID,
) -> None:
    """Follow a checkpoint on the screen of a counter, until `q` or Ctrl-C.

    Everything goes on through a cut of the line: attempts wait, sealed with SUAR_CHECKPOINT_KEY, and are sent in order on
    return; what was missed is caught up, and answers about travellers who have passed are listed quietly. For a gate
    (--lane AUTOGATE) one line is printed for each traveller who should meet somebody, of those whose attempts were sent
    through the same store: arahkan ke konter.

    Example: suar checkpoint run --checkpoint A-CGK --url https://suar.example --language en
    """
    config = _settings(code=code, url=url, store=store)

    async def work(counter: Counter) -> None:
        outbox = _outbox(config, counter.store) if config.key else None
        desk = Desk(counter, console, language=language, lane=lane.upper())
        at_work = asyncio.create_task(counter.run(outbox))
        shown = asyncio.create_task(desk.run())
        done, others = await asyncio.wait({at_work, shown}, return_when=asyncio.FIRST_COMPLETED)
        for other in others:
            other.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for one in done:
            one.result()

    with _alone(config), suppress(KeyboardInterrupt):
        _run(config, work)


@checkpoint.command("attempt")
def attempt(
    file: Annotated[str, typer.Argument(help="JSON of one attempt, a file or - for standard input")] = "-",
    code: Code = None,
    url: Url = None,
    store: File = None,
    language: Lang = Language.ID,
) -> None:
    """Send one departure attempt and show its card.

    The JSON is the data of crossing_attempted, such as {"passport_no": "X9900001", "lane": "COUNTER", "destination":
    "MYS"}; crossing_id and time are made when they are missing. The same crossing_id twice is the same attempt.
    Without a line the attempt waits, sealed with SUAR_CHECKPOINT_KEY, and is sent by the next `run` or `attempt`.

    Exit codes: 0 nothing found, 10 alert, 11 undetermined, 12 offline, 2 refused or wrong usage. For the lane AUTOGATE
    "arahkan ke konter" is printed for an alert of HIGH or CRITICAL, and nothing else; the other codes are for the checkpoint.

    Example: echo '{"passport_no": "X9900001", "lane": "COUNTER"}' | suar checkpoint attempt --checkpoint A-CGK
    """
    config = _settings(code=code, url=url, store=store)
    try:
        one = attempt_of(_text(file), config.code, utc_now())
    except BadAttemptError as error:
        fail(f"no attempt: {error}")

    async def work(counter: Counter) -> Told:
        outbox = _outbox(config, counter.store)
        sent = await _sent(counter, outbox, one)
        if at_a_gate(one.lane):
            if sent.card.grave:
                console.print(say(TO_A_COUNTER, language), highlight=False)
        else:
            console.print(drawn(sent.card, View(language, ZoneInfo(config.zone), counter.now())))
        if sent.told is not Told.OFFLINE:
            await _afterwards(counter, outbox, sent.answer, shown=not at_a_gate(one.lane))
        return sent.told

    raise typer.Exit(int(_run(config, work)))


@checkpoint.command("status")
def status(code: Code = None, store: File = None, language: Lang = Language.ID) -> None:
    """What lies in the local store: cursor, last frame, what waits, what came late. Needs no gateway and no key.

    Example: suar checkpoint status --checkpoint A-CGK
    """
    config = _settings(code=code, store=store)

    async def work(counter: Counter) -> None:
        kept, now = counter.store, counter.now()
        view = View(language, ZoneInfo(config.zone), now)
        heard = kept.kept("heard_at")
        table = Table(box=None, show_header=False)
        table.add_row("store", f"{kept.file} ({kept.file.stat().st_mode & 0o777:o})")
        table.add_row("last frame", view.clock(moment(float(heard))) if heard else "–")
        table.add_row("cursor", "yes" if kept.cursor else "no: the next stream begins with a snapshot")
        for state in ("waiting", "sent", "answered", "refused"):
            rows = attempts(kept, state)
            table.add_row(f"attempts {state}", f"{len(rows)}{f' since {view.clock(rows[0].at)}' if rows else ''}")
        since = now - timedelta(days=config.keep_days)
        for name, late in (("open alerts", False), ("open alerts, too late for the counter", True)):
            table.add_row(name, str(len(kept.alerts(late=late, since=since))))
        table.add_row("gaps", str(kept.sql.execute("SELECT count(*) FROM gaps").fetchone()[0]))
        table.add_row("unreadable frames", kept.kept("unreadable") or "0")
        console.print(table, highlight=False)

    _run(config, work)


@checkpoint.command("export")
def export(code: Code = None, store: File = None) -> None:
    """Everything that is kept, as JSON lines: alerts, answers, attempts, gaps. What waits sealed stays sealed and out.

    Example: suar checkpoint export --checkpoint A-CGK
    """
    config = _settings(code=code, store=store)

    async def work(counter: Counter) -> None:
        for line in _exported(counter.store):
            typer.echo(line)

    _run(config, work)


@dataclass(frozen=True, slots=True)
class _Sent:
    told: Told
    card: Card
    answer: SeenAnswer | None = None


async def _sent(counter: Counter, outbox: Outbox, one: Attempt) -> _Sent:
    try:
        answer = await counter.attempt(outbox, one)
    except AwayError:
        answer = None
    if answer is not None:
        return _Sent(_told(answer), of_answer(answer), answer)
    kept = outbox.get(one.crossing_id)
    if kept is None or kept.state == "refused":
        fail(f"the gateway does not accept this attempt: {kept.why if kept else 'unknown'}")
    return _Sent(Told.UNDETERMINED if kept.state == "sent" else Told.OFFLINE, of_waiting(kept))


def _told(answer: SeenAnswer) -> Told:
    """A LOW alert is never shown at a checkpoint: there it is nothing."""
    if answer.verdict is Verdict.UNDETERMINED:
        return Told.UNDETERMINED
    return Told.ALERT if answer.alerting else Told.NOTHING_FOUND


async def _afterwards(counter: Counter, outbox: Outbox, answer: SeenAnswer | None, *, shown: bool) -> None:
    """What was shown is reported, and what an outage left behind is sent, while the officer reads."""
    with suppress(AwayError, RefusedError, TimeoutError):
        async with asyncio.timeout(DRAINED):
            if shown and answer is not None and answer.alert_id is not None and answer.alerting:
                with suppress(RefusedError):
                    await counter.gateway.shown(answer.alert_id, None, counter.now())
            while await counter.send_next(outbox):
                pass


def _exported(store: Store) -> Iterator[str]:
    queries = {
        "alert": "SELECT body, revision, changes, open, late, seen_at, shown, shown_at FROM alerts ORDER BY at",
        "answer": "SELECT body, revision, changes, late, seen_at FROM answers ORDER BY at",
        "attempt": "SELECT crossing_id, lane, at, leaves_at, state, why, tries FROM attempts ORDER BY seq",
        "gap": "SELECT since, until, reason, seen_at FROM gaps ORDER BY seen_at",
    }
    for what, query in queries.items():
        for row in store.sql.execute(query):
            fields = dict(row)
            if "body" in fields:
                fields["body"] = json.loads(fields["body"])
            yield json.dumps({"what": what, **fields}, ensure_ascii=False)


def _settings(**given: object) -> CounterSettings:
    try:
        return settings_of.load(**given)
    except settings_of.CounterSettingsError as error:
        fail(str(error))


def _outbox(config: CounterSettings, store: Store) -> Outbox:
    if config.key is None:
        fail("SUAR_CHECKPOINT_KEY is not set: attempts are sealed with it. Set it to a secret of at least 32 bytes.")
    return Outbox(store, Seal(config.key.get_secret_value().encode()))


def _run(config: CounterSettings, work: Callable[[Counter], Coroutine[None, None, Result]]) -> Result:
    """A command's coroutine over an open store; what can go wrong with the store becomes one line."""

    async def whole() -> Result:
        store, gateway = Store(config.file, config.passed_after), Gateway(config)
        try:
            return await work(Counter(config, store, gateway))
        finally:
            await gateway.close()
            store.close()

    try:
        return asyncio.run(whole())
    except StoreError as error:
        fail(str(error))


def _text(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text()
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{file} cannot be read ({type(error).__name__})")


@contextmanager
def _alone(config: CounterSettings) -> Iterator[None]:
    """One `run` for each store: two would show everything twice."""
    config.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(f"{config.file}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fail(f"another `suar checkpoint run` uses {config.file}: end it, or choose another file with --store")
    try:
        yield
    finally:
        os.close(lock)
