"""Seals: each record of the audit log is linked to the one before, and whoever changes, takes out or cuts off one is found."""

import struct
from collections import deque
from collections.abc import Iterable, Sequence
from enum import StrEnum
from hashlib import sha256

import msgspec

from schemas.audit import Seal

START = bytes(32)
"""The chain before its first record."""


class Fault(StrEnum):
    """What is wrong with some offsets of a partition."""

    ALTERED = "altered"
    """The records are not those that were sealed."""
    MISSING = "missing"
    """Records that were sealed are not in the log."""
    UNSIGNED = "unsigned"
    """The seal bears no signature of a key that is trusted."""
    UNSEALED = "unsealed"
    """A seal stands behind records that no seal is about."""


class Finding(msgspec.Struct, frozen=True):
    """A fault, and the offsets from `first` up to and without `next` that it is about."""

    fault: Fault
    first: int
    next: int


def linked(head: bytes, offset: int, timestamp: int, key: bytes | None, value: bytes | None) -> bytes:
    """The chain with one more record: SHA-256 over the chain so far and every byte of the record; `timestamp` in ms."""
    chain = sha256(head)
    chain.update(struct.pack(">qq", offset, timestamp))
    for part in (key, value):
        chain.update(struct.pack(">q", -1 if part is None else len(part)))
        chain.update(part or b"")
    return chain.digest()


class _Mark(msgspec.Struct, frozen=True, order=True):
    """What the chain must be in front of an offset, by a seal that begins or ends there."""

    offset: int
    head: str


class Partition:
    """Compares one partition of the log with its seals. Hand it every record from the log's start on, then ask `findings`."""

    def __init__(self, seals: Iterable[Seal], trusted: Iterable[Seal], begin: int, end: int) -> None:
        """`trusted`: those of the seals whose signature holds. `begin`, `end`: the log's first offset, and the one behind it.

        What retention removed is below `begin`: it cannot be compared any more, and that is no fault. Seals that say the
        same twice, as two sealers may for a moment, are one.
        """
        good = sorted(set(trusted), key=lambda one: (one.first, one.next))
        self._findings = [Finding(Fault.UNSIGNED, one.first, one.next) for one in set(seals) - set(good)]
        self._findings += [Finding(Fault.MISSING, max(one.first, end), one.next) for one in good if one.next > end]
        self.sealed = self._covered(good, begin)
        """The offset behind the last record that a trusted seal is about."""
        self.records = 0
        """Records that were met."""
        marks = {_Mark(one.first, one.previous) for one in good} | {_Mark(one.next, one.head) for one in good}
        self._marks = deque(sorted(mark for mark in marks if begin <= mark.offset <= end))
        self._head: str | None = None
        self._since = begin

    def meet(self, offset: int, timestamp: int, key: bytes | None, value: bytes | None) -> None:
        """The next record of the log; `timestamp` in ms."""
        self._compare(offset)
        if self._head is not None:
            self._head = linked(bytes.fromhex(self._head), offset, timestamp, key, value).hex()
        self.records += 1

    def findings(self) -> Sequence[Finding]:
        """All that is wrong, by offset. Nothing may be met afterwards."""
        while self._marks:
            self._compare(self._marks[0].offset)
        return sorted(set(self._findings), key=lambda one: (one.first, one.next, one.fault))

    def _compare(self, upto: int) -> None:
        """The first mark is where the chain begins; behind a record that was changed it goes on as the seal says."""
        while self._marks and self._marks[0].offset <= upto:
            mark = self._marks.popleft()
            if self._head not in {None, mark.head}:
                self._findings.append(Finding(Fault.ALTERED, self._since, mark.offset))
            self._head, self._since = mark.head, mark.offset

    def _covered(self, seals: Sequence[Seal], begin: int) -> int:
        upto = begin
        for seal in seals:
            if seal.first > upto:
                self._findings.append(Finding(Fault.UNSEALED, upto, seal.first))
            upto = max(upto, seal.next)
        return upto
