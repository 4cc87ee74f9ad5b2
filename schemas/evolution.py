"""How the contract may change: whoever speaks or reads by the contract that was released must go on being understood, and understand.

What agencies send (*taken*) may only become wider: new optional fields, new codes. What Suar says (*said*) may get new fields and new
codes, which readers pass over, and nothing that they rely on may go or become something else. Everything else is breaking, and wants a
new `schema_version`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

Schema = Mapping[str, object]

CHANNELS: Final = "asyncapi.json"
OWN: Final = "suar/"
"""Documents of what Suar says lie there; those of agencies under the agency's name."""

_AT_LEAST: Final = ("minLength", "minimum", "minItems")
_AT_MOST: Final = ("maxLength", "maximum", "maxItems")
_ALIKE: Final = ("pattern", "format", "not")
"""Kept as they were, or dropped: whether one pattern takes all that another takes cannot be told."""
_SAYS_NOTHING: Final = ("title", "description", "default", "$schema", "$id", "$defs", "$ref")
_STRUCTURE: Final = ("type", "const", "enum", "x-known-values", "anyOf", "items", "properties", "required")
_KNOWN: Final = frozenset((*_AT_LEAST, *_AT_MOST, *_ALIKE, *_SAYS_NOTHING, *_STRUCTURE, "additionalProperties"))
_KINDS: Final = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


class Side(Enum):
    """Who speaks, and with it which of two schemas must take whatever the other takes."""

    TAKEN = "taken"
    SAID = "said"


@dataclass(frozen=True, order=True)
class Break:
    """One change that somebody would not survive: of which document, at which field, and what."""

    document: str
    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.document}{f' {self.place}' if self.place else ''}: {self.what}"


def breaks(released: Mapping[str, Schema], current: Mapping[str, Schema]) -> list[Break]:
    """Every breaking change between two sets of documents, by their paths. ValueError when a schema uses a word that is not known here."""
    found = [Break(path, "", "was removed") for path in released.keys() - current.keys()]
    for path in released.keys() & current.keys():
        if path == CHANNELS:
            found += _channels(released[path], current[path])
        else:
            found += _document(path, released[path], current[path])
    return sorted(set(found))


def _document(path: str, released: Schema, current: Schema) -> Iterator[Break]:
    side = Side.SAID if path.startswith(OWN) else Side.TAKEN
    sender, reader = (released, current) if side is Side.TAKEN else (current, released)
    comparison = _Comparison(side, _table(sender, "$defs"), _table(reader, "$defs"))
    for place, what in comparison.schemas(sender, reader, ()):
        yield Break(path, ".".join(place), what)


def _channels(released: Schema, current: Schema) -> Iterator[Break]:
    """Topics stay where they are, with their events and their number of partitions."""
    before, after = _table(released, "channels"), _table(current, "channels")
    for name in before:
        if name not in after:
            yield Break(CHANNELS, name, "topic was removed")
            continue
        was, now = _table(before, name), _table(after, name)
        for kind in _table(was, "messages").keys() - _table(now, "messages").keys():
            yield Break(CHANNELS, name, f"no longer carries {kind}")
        if _partitions(was) != _partitions(now):
            yield Break(CHANNELS, name, "has another number of partitions")


def _partitions(channel: Schema) -> object:
    return _table(_table(channel, "bindings"), "kafka").get("partitions")


Place = tuple[str, ...]
Told = tuple[Place, str]
Pairs = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class _Comparison:
    """The reader's schema must take whatever the sender's takes. Of what is taken the released one is the sender's, of what is said
    the current one.
    """

    side: Side
    sender_defs: Schema
    reader_defs: Schema

    def schemas(self, sender: Schema, reader: Schema, place: Place, within: Pairs = frozenset()) -> Iterator[Told]:
        """Each way in which it does not. `within`: definitions that are being compared already."""
        if self.side is Side.TAKEN and "default" in sender and sender["default"] != reader.get("default"):
            yield place, "means something else when it is left out"
        pair = (str(sender.get("$ref")), str(reader.get("$ref")))
        if "None" not in pair:
            if pair in within:
                return
            within |= {pair}
        sender, reader = _resolved(sender, self.sender_defs), _resolved(reader, self.reader_defs)
        if "anyOf" in sender or "anyOf" in reader:
            yield from self._branches(sender, reader, place, within)
            return
        yield from self._kinds(sender, reader, place)
        yield from self._codes(sender, reader, place)
        yield from self._bounds(sender, reader, place)
        yield from self._fields(sender, reader, place, within)
        for word, step in (("items", "[]"), ("additionalProperties", "{}")):
            if isinstance(sender.get(word), Mapping) and isinstance(reader.get(word), Mapping):
                yield from self.schemas(_table(sender, word), _table(reader, word), (*place, step), within)

    def _branches(self, sender: Schema, reader: Schema, place: Place, within: Pairs) -> Iterator[Told]:
        """Each branch of the sender's needs one of the reader's that takes it whole; else the one of its kind says what is wrong."""
        offered = _some(reader)
        for branch in _some(sender):
            told = [list(self.schemas(branch, one, place, within)) for one in offered]
            if all(told):
                kinds = _kinds(_resolved(branch, self.sender_defs))
                alike = [
                    found
                    for found, one in zip(told, offered, strict=True)
                    if kinds & _kinds(_resolved(one, self.reader_defs))
                ]
                yield from alike[0] if alike else [(place, self._kind(kinds))]

    def _kinds(self, sender: Schema, reader: Schema, place: Place) -> Iterator[Told]:
        mine, theirs = _kinds(sender), _kinds(reader)
        if "number" in theirs:
            theirs |= {"integer"}
        if theirs and (not mine or not mine <= theirs):
            yield place, self._kind(mine - theirs)

    def _kind(self, kinds: frozenset[str]) -> str:
        named = ", ".join(sorted(kinds)) or "anything"
        return f"no longer takes {named}" if self.side is Side.TAKEN else f"may be {named} now"

    def _codes(self, sender: Schema, reader: Schema, place: Place) -> Iterator[Told]:
        """Closed lists, and the codes that are understood of open ones."""
        mine, theirs = _values(sender), _values(reader)
        if theirs is not None and mine is None:
            yield place, "is a closed list now" if self.side is Side.TAKEN else "is no closed list any more"
        if self.side is Side.SAID:
            return
        for word, before, after in (
            ("takes", mine, theirs),
            ("knows", sender.get("x-known-values"), reader.get("x-known-values")),
        ):
            if isinstance(before, list) and isinstance(after, list):
                yield from ((place, f"no longer {word} {code}") for code in before if code not in after)

    def _bounds(self, sender: Schema, reader: Schema, place: Place) -> Iterator[Told]:
        how = "narrower" if self.side is Side.TAKEN else "wider"
        for word in (*_AT_LEAST, *_AT_MOST):
            mine, theirs = sender.get(word), reader.get(word)
            if isinstance(theirs, int | float) and not (
                isinstance(mine, int | float) and (mine >= theirs if word in _AT_LEAST else mine <= theirs)
            ):
                yield place, f"{word} is {how}"
        for word in _ALIKE:
            if word in reader and sender.get(word) != reader[word]:
                yield place, f"{word} is another, and may be {how}"

    def _fields(self, sender: Schema, reader: Schema, place: Place, within: Pairs) -> Iterator[Told]:
        mine, theirs = _table(sender, "properties"), _table(reader, "properties")
        before, after = (mine, theirs) if self.side is Side.TAKEN else (theirs, mine)
        removed = before.keys() - after.keys()
        yield from (((*place, name), "was removed") for name in removed)
        missing = _names(reader, "required") - _names(sender, "required") - removed
        said = "is required now" if self.side is Side.TAKEN else "may be missing now"
        yield from (((*place, name), said) for name in missing)
        closed = reader.get("additionalProperties") is False and sender.get("additionalProperties") is not False
        if closed and self.side is Side.TAKEN:
            yield place, "no longer takes other fields"
        for name in mine.keys() & theirs.keys():
            yield from self.schemas(_table(mine, name), _table(theirs, name), (*place, name), within)


def _resolved(schema: Schema, definitions: Schema) -> Schema:
    """The definition that a reference names. ValueError when it says something that is not compared here."""
    reference = schema.get("$ref")
    found = schema if reference is None else _table(definitions, str(reference).removeprefix("#/$defs/"))
    if unknown := found.keys() - _KNOWN:
        raise ValueError(f"a schema of the contract uses {', '.join(sorted(unknown))}, which is not compared")
    return found


def _some(schema: Schema) -> list[Schema]:
    branches = schema.get("anyOf")
    return [one for one in branches if isinstance(one, Mapping)] if isinstance(branches, list) else [schema]


def _kinds(schema: Schema) -> frozenset[str]:
    """JSON types; of a schema that names none, those of its values."""
    named = schema.get("type")
    if isinstance(named, str):
        return frozenset({named})
    if isinstance(named, list):
        return frozenset(str(one) for one in named)
    return frozenset(_KINDS.get(type(value), "object") for value in _values(schema) or ())


def _values(schema: Schema) -> list[object] | None:
    if "const" in schema:
        return [schema["const"]]
    listed = schema.get("enum")
    return listed if isinstance(listed, list) else None


def _names(schema: Schema, word: str) -> set[str]:
    listed = schema.get(word)
    return {str(one) for one in listed} if isinstance(listed, list) else set()


def _table(schema: Schema, word: str) -> Schema:
    found = schema.get(word)
    return found if isinstance(found, Mapping) else {}
