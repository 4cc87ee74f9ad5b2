"""Fuzzing: many inputs at one door, and every input that gets through wrongly, named by seed and number and never shown.

`python -m tests.supply.fuzz wire 200000 7` puts two hundred thousand inputs of seed 7 at the wire and prints what came of them;
`python -m tests.supply.fuzz wire 1 7 4711` only the one of that number.
"""

import base64
import json
import re
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from pydantic import SecretStr

from schemas import mrz
from schemas.envelope import Event, System
from schemas.events import EVENTS
from schemas.facts import decode, encode
from schemas.heartbeat import FeedHeartbeat
from schemas.mrz import Confidence, Zone, check_digit, read_zone
from schemas.policy import Policy
from schemas.topics import AGENCY_TOPICS, HEARTBEAT, Topic
from schemas.wire import Admitted, BadRecord, Envelope, Heartbeat, Reason, Tombstone, admit
from streams import policy as policies
from streams.jose import EventOpener, EventSealer, event_pair
from streams.settings import ROOT
from tests.examples import example, hints, message
from tests.supply.mutations import BYTES, PLANTED, spoilt

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
KEY = b"only for tests: thirty-two bytes"
MOST = 20
"""Findings that one run names."""


@dataclass
class Fuzzed:
    """What came of so many inputs of one seed; a finding is a number and what was wrong with it."""

    seed: int
    inputs: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    findings: list[tuple[int, str]] = field(default_factory=list)


Door = Callable[[Random], str]
"""Makes one input, puts it there, and says what came of it. Anything that it raises is a finding."""


def fuzzed(door: Door, inputs: int, seed: int, first: int = 0) -> Fuzzed:
    """Stops at `MOST` findings."""
    done = Fuzzed(seed)
    for number in range(first, first + inputs):
        done.inputs += 1
        try:
            done.outcomes[door(Random(f"{seed}/{number}"))] += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
            done.findings.append((number, _told(error)))
            if len(done.findings) >= MOST:
                break
    return done


def _told(error: Exception) -> str:
    """Its type and where it was raised; its text only when it is one of ours."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    words = f": {error}" if isinstance(error, AssertionError) else ""
    return f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}{words}"


# The wire


def _whole(event: type[Event]) -> dict[str, object]:
    """Every field that has a plain example, optional ones too."""
    data = example(event)
    for name in hints(event):
        try:
            data |= {} if name in data else _one(event, name)
        except (KeyError, ValueError):
            continue
    return message(event, data)


def _one(event: type[Event], name: str) -> dict[str, object]:
    from tests.examples import _plain

    return {name: _plain(name, hints(event)[name])}


def _beat(system: System) -> dict[str, object]:
    return {
        **message(EVENTS[0], {"complete_up_to": "2026-11-25T02:59:00Z"}),
        "source": system.value,
        "type": HEARTBEAT,
    }


_TOPIC: dict[tuple[System | None, str], Topic] = {
    (topic.system, kind): topic for topic in AGENCY_TOPICS for kind in topic.events
}
GOOD = [
    (_TOPIC[event.system, event.type], one)
    for event in EVENTS
    for one in (message(event, example(event)), _whole(event))
]
GOOD += [(topic, _beat(topic.system)) for topic in AGENCY_TOPICS if topic.system is not None]


def _vocabulary() -> frozenset[str]:
    """Every name that the contract has, and what the reader says of depth."""
    names = {"", "too deep", *Envelope.__struct_fields__, *FeedHeartbeat.model_fields}
    pending: list[object] = list(EVENTS)
    while pending:
        fields = getattr(pending.pop(), "model_fields", {})
        names |= set(fields)
        for info in fields.values():
            pending += _models(info.annotation)
    return frozenset(names)


def _models(annotation: object) -> list[object]:
    found: list[object] = [annotation] if hasattr(annotation, "model_fields") else []
    for inner in getattr(annotation, "__args__", ()):
        found += _models(inner)
    return found


WORDS = _vocabulary()


def wire(roll: Random) -> str:
    """Bytes of an agency: admitted whole, or refused by a reason that repeats nothing of them."""
    topic, good = roll.choice(GOOD)
    value = spoilt(roll, good)
    try:
        found = admit(
            value, topic=topic if roll.random() < 0.95 else roll.choice(AGENCY_TOPICS), at=NOW, now=NOW, key=KEY
        )
    except BadRecord as bad:
        discreet(bad)
        return bad.reason.value
    assert isinstance(found, Admitted | Heartbeat | Tombstone), type(found).__name__
    if not isinstance(found, Admitted):
        return type(found).__name__.lower()
    for note in found.notes:
        assert decode(encode(note.fact)) == note.fact, "a fact is not read as it was written"
        assert note.subject.encode(), "a fact without a subject"
    return "admitted"


def discreet(bad: BadRecord) -> None:
    """A refusal that names fields of the contract and repeats nothing. Raises AssertionError."""
    words = [bad.where] if bad.where in WORDS else bad.where.split(".")
    if bad.reason is not Reason.UNKNOWN_FIELD:
        assert set(words) <= WORDS, f"{bad.reason.value} names what is no field of the contract"
    assert not re.search(r"\d{6}", bad.where), f"{bad.reason.value} repeats a number"
    assert not any(one in str(bad) for one in PLANTED), f"{bad.reason.value} repeats a value"


# What agencies seal

_PRIVATE, _PUBLIC = event_pair()
_SEALER, _OPENER = EventSealer(_PUBLIC), EventOpener(SecretStr(_PRIVATE))


def jose(roll: Random) -> str:
    """Opens to what was sealed when it is as it was, and otherwise not at all."""
    data = roll.randbytes(roll.randrange(200))
    parts = _SEALER.seal(data).split(".")
    if header := roll.choice((None, None, spoilt(roll, json.loads(_decoded(parts[0]))))):
        parts[0] = base64.urlsafe_b64encode(header).rstrip(b"=").decode()
    text = ".".join(parts)
    for _ in range(roll.choice((0, 1, 1, 2))):
        at = roll.randrange(len(text) + 1)
        text = (
            text[:at]
            + roll.choice(("", ".", "=", "A", "-", "é", "\ud800", "\x00", "AAAA"))
            + text[at + roll.randrange(2) :]
        )
    try:
        found = _OPENER.open(text)
    except BadRecord as bad:
        return f"{bad.reason.value} {bad.where}".strip()
    assert found == data, "what was changed on its way was read"
    return "opened"


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# The machine-readable zone

_NAMES = (
    "CONTOH<<SITI<AMINAH",
    "CONTOH",
    "<<SITI",
    "DE<CONTOH<<BUDI",
    "K<<C",
    "CONTOHCONTOHCONTOH<<CONTOHCONTOHCONTOHCONTOH",
)
_SPOILERS = "OQDIBSZGCK<0158269AX \t\n«ßŉﬁ٣９İı\ud800\x00é🛂"


def zone_lines(roll: Random) -> tuple[str, str]:
    """Two lines as they are printed, number and dates drawn anew, all check digits right."""
    first = f"P<{roll.choice(('IDN', 'IDN', 'D<<', 'MYS'))}{roll.choice(_NAMES)}".ljust(mrz.LINE, "<")[: mrz.LINE]
    number = roll.choice(("X9", "C1", "B0")) + "".join(roll.choices("0123456789", k=6)) + "<"
    birth, expiry = roll.choice(("900605", "9006<<", "<<<<<<", "001231")), roll.choice(("300101", "281130"))
    personal = roll.choice(("<" * 14, "9901014506900<", "KKCCKKCCKKCCKK"))
    parts = [one + check_digit(one) for one in (number, birth, expiry, personal)]
    second = f"{parts[0]}IDN{parts[1]}{roll.choice('MF<')}{parts[2]}{parts[3]}"
    return first, second + check_digit("".join(parts))


def zone(roll: Random) -> str:
    """Never an error; a number only with its check digit, a name only when it can be trusted."""
    lines = list(zone_lines(roll))
    for _ in range(roll.choice((0, 1, 1, 2, 3, 8))):
        which = roll.randrange(2)
        lines[which] = _misread(roll, lines[which])
    if roll.random() < 0.02:
        lines = ["".join(chr(roll.randrange(0x11000)) for _ in range(roll.randrange(60))) for _ in range(2)]
    found = read_zone(*lines)
    trusted(found)
    return found.confidence.value.lower()


def trusted(found: Zone) -> None:
    """A number and a name only as far as they can be trusted, each in its form. Raises AssertionError."""
    readable = found.confidence is not Confidence.UNREADABLE
    assert (found.number is not None) == readable, "a number and its confidence differ"
    assert (found.name is not None) == (found.confidence in {Confidence.READ, Confidence.REPAIRED}), (
        "a name that is not trusted"
    )
    assert repr(found) == f"Zone({found.confidence.value})", "a zone shows what it holds"
    if found.number is not None:
        assert re.fullmatch(r"[A-Z0-9]{6,9}", found.number, re.ASCII), "a number of another form"
        assert re.fullmatch(r"[A-Z]{1,3}", found.nationality or "X", re.ASCII), "a nationality of another form"
        assert re.fullmatch(r"[0-9<]{6}", found.birth or "", re.ASCII), "a date of birth of another form"
        assert re.fullmatch(r"[0-9]{6}", found.expiry or "", re.ASCII), "an expiry of another form"
    if found.name is not None:
        assert re.fullmatch(r"[A-Z ]+", found.name, re.ASCII), "a name of another form"


def _misread(roll: Random, line: str) -> str:
    at = roll.randrange(len(line) + 1)
    match roll.randrange(5):
        case 0:
            return line[:at] + line[at + 1 :]
        case 1:
            return line[:at] + roll.choice(_SPOILERS) + line[at:]
        case 2:
            return line.rstrip("<")[: mrz.LINE - roll.randrange(6)]
        case _:
            return line[:at] + roll.choice(_SPOILERS) + line[at + 1 :]


# The policy

POLICY = ROOT / "deploy" / "policy" / "2026-11.toml"
_VALUES = (
    *("0", "-1", "1e400", "nan", "inf", "true", '""', '"x"', "[]", "{}", "[[]]", "2026-13-01", "2026-11-01", "99999999999999999999"),
    *('"P1D"', '"-P1D"', "'''", '"""', "0x10", '"\\ud800"', "[1, 2", "{a = 1", '"IDN"', '["IDN", "IDN"]', "07:32:00", "{ a.b = 1 }"),
)  # fmt: skip
_LINES = (
    "[",
    "[[",
    "]",
    "=",
    "a = 1",
    "[rules]",
    "[[rules]]",
    "\x00",
    '"""',
    "a.b.c = 1",
    "[a.b]",
    "# é",
    "version = 1",
    "\r",
)


def policy(folder: Path) -> Door:
    """Text of a policy's file: a policy that is read again as it was published, or one line with file, line and reason."""
    (folder / "policy").mkdir()
    (folder / "sop").mkdir()
    for file in (ROOT / "deploy" / "sop").glob("*.toml"):
        (folder / "sop" / file.name).write_bytes(file.read_bytes())
    file = folder / "policy" / "mutated.toml"
    good = POLICY.read_text().splitlines(keepends=True)

    def door(roll: Random) -> str:
        file.write_bytes(_policy_text(roll, good))
        try:
            found = policies.load(file)
        except policies.PolicyError as error:
            _addressed(str(error), file)
            return "refused"
        assert isinstance(found, Policy), type(found).__name__
        assert policies.read(policies.content(found), found.version) == found, (
            "a policy is not read as it was published"
        )
        return "read"

    return door


def _addressed(told: str, file: Path) -> None:
    """One line that begins with the file and a line of it."""
    found = re.match(re.escape(str(file)) + r":(\d+): \S", told)
    assert found, "a refusal without its line"
    assert 1 <= int(found[1]) <= max(1, len(file.read_bytes().splitlines())), "a line that is not there"
    assert "\n" not in told, "a refusal of more than one line"


def _policy_text(roll: Random, good: Sequence[str]) -> bytes:
    lines = list(good)
    for _ in range(roll.choice((1, 1, 1, 2, 3))):
        at = roll.randrange(len(lines))
        name, equals, _ = lines[at].partition("=")
        match roll.randrange(6):
            case 0:
                del lines[at]
            case 1:
                lines.insert(roll.randrange(len(lines)), lines[at])
            case 2:
                lines[at] = roll.choice(_LINES) + "\n"
            case _:
                lines[at] = f"{name}= {roll.choice(_VALUES)}\n" if equals else lines[at][::-1]
    text = "".join(lines).encode("utf-8", "surrogatepass")
    return roll.choice(BYTES)(roll, text) if roll.random() < 0.1 else text


@contextmanager
def opened(name: str) -> Iterator[Door]:
    """The door of that name."""
    if name != "policy":
        yield {"wire": wire, "jose": jose, "zone": zone}[name]
        return
    with tempfile.TemporaryDirectory() as folder:
        yield policy(Path(folder))


def main(name: str, inputs: str, seed: str, first: str = "0") -> int:
    """Prints one line of JSON; 1 when anything was found."""
    with opened(name) as door:
        done = fuzzed(door, int(inputs), int(seed), int(first))
    told = {
        "door": name,
        "seed": done.seed,
        "inputs": done.inputs,
        "outcomes": done.outcomes,
        "findings": done.findings,
    }
    sys.stdout.write(json.dumps(told) + "\n")
    return int(bool(done.findings))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
