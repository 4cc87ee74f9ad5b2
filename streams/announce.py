"""Putting a policy to use: its content on `suar.policy` first, then one fact in every partition of `suar.facts`.

Each step may be done again: whoever died between them publishes once more, and that completes it.
"""

from agents.versions import Announced, Use, announcement
from schemas.facts import encode
from schemas.policy import Policy
from schemas.topics import FACTS
from streams import book as books
from streams import policy as policies
from streams.book import Published
from streams.differences import differences
from streams.partitions import partitions_of
from streams.policy import PolicyError
from streams.produce import Outbox, Record


class UnknownVersionError(PolicyError):
    """Nobody published a version of that name."""


class Announcer:
    """Writes to the book and to the log of facts."""

    def __init__(self, kafka: str) -> None:
        self._kafka = kafka
        self._outbox = Outbox(kafka)

    async def __aenter__(self) -> "Announcer":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._outbox.stop()

    async def publish(self, policy: Policy) -> Published:
        """The content under its name. A name that holds another content already raises PolicyError: versions never change."""
        held = (await books.read(self._kafka)).version(policy.version)
        if held is not None:
            return _the_same(held, policy)
        await self._outbox.send([books.content_record(policy)])
        held = (await books.read(self._kafka)).version(policy.version)
        if held is None:
            raise PolicyError(
                f"policy {policy.version} was published and is not on the topic: is another broker behind it?"
            )
        try:
            return _the_same(held, policy)
        except PolicyError:  # somebody was first by a moment: theirs stays the newest under its name
            await self._outbox.send([books.content_record(policies.read(held.content, held.version))])
            raise

    async def find(self, version: str) -> Published:
        """A version that was published. Raises UnknownVersionError."""
        book = await books.read(self._kafka)
        held = book.version(version)
        if held is None:
            known = ", ".join(dict.fromkeys(one.version for one in book.contents)) or "none is"
            raise UnknownVersionError(f"no policy {version} is published ({known}): `suar policy publish FILE` first")
        return held

    async def put(self, use: Use, version: str, digest: str) -> Announced:
        """From here on every partition puts that version to that use; an empty one ends the use. Done again, it changes nothing."""
        told = (await books.read(self._kafka)).newest(use)
        if told is None or told.digest != digest:
            await self._outbox.send([books.use_record(use, version, digest)])
            found = (await books.read(self._kafka)).announcements[use]
            told = next(one for one in reversed(found) if one.digest == digest)
        fact, key = encode(announcement(use, told)), f"policy:{use.value}".encode()
        await self._outbox.send(Record(FACTS.name, key, fact, partition) for partition in range(partitions_of(FACTS)))
        return told


async def refuse_changed(kafka: str, policy: Policy) -> None:
    """A file that holds another content than what was published under its version must not be judged by. Raises PolicyError."""
    held = (await books.read(kafka)).version(policy.version)
    if held is not None:
        _the_same(held, policy)


def _the_same(held: Published, policy: Policy) -> Published:
    before = policies.read(held.content, held.version)
    if before == policy:
        return held
    first = next(iter(differences(policies.plain(before), policies.plain(policy))))
    raise PolicyError(
        f"policy {held.version} was published at {held.at:%Y-%m-%d %H:%M}Z with other content "
        f"({first.place}: {first.before or 'nothing'}, here {first.after or 'nothing'}): a version never changes, "
        "give the file a new one"
    )
