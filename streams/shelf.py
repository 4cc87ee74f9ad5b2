"""The shelf: the policies that this worker can judge by. What a fact names and the shelf lacks is read from `suar.policy`.

A worker that cannot find it waits and says so on /ready; it never judges by another instead.
"""

import asyncio
import logging
import time

from aiokafka.errors import KafkaTimeoutError

from agents.versions import Announced
from schemas.policy import Policy
from streams import book as books
from streams.health import Health
from streams.policy import PolicyError, read

log = logging.getLogger("suar")

READ_WITHIN = 20.0
"""Seconds for one reading of the book; longer is an outage of Kafka."""
LOOK_AGAIN = 1.0


class Shelf:
    """Shared by the lanes of one worker; `beginning` is the policy of the settings, in force until a fact names one."""

    def __init__(self, kafka: str, beginning: Policy, health: Health) -> None:
        self.beginning = beginning
        self._kafka, self._health = kafka, health
        self._held: dict[str, Policy] = {}
        self._missed: dict[str, float] = {}
        """By digest: when the book was last read without finding it."""
        self._reading = asyncio.Lock()

    def policy(self, named: Announced | None) -> Policy:
        """A policy that was fetched; nobody named one: that of the settings."""
        return self.beginning if named is None else self._held[named.digest]

    async def fetch(self, named: Announced | None, lane: str) -> None:
        """Returns when the policy is at hand, however long that takes. Raises aiokafka's errors."""
        while named is not None and named.digest and named.digest not in self._held:
            async with self._reading:
                await self._look_for(named)
            if named.digest not in self._held:
                self._health.wait(lane, "policy")
                await asyncio.sleep(LOOK_AGAIN)

    async def _look_for(self, named: Announced) -> None:
        """Other lanes may have read the book while this one waited for its turn."""
        now = time.monotonic()
        if named.digest in self._held or now - self._missed.get(named.digest, -LOOK_AGAIN) < LOOK_AGAIN:
            return
        self._missed[named.digest] = now
        try:
            async with asyncio.timeout(READ_WITHIN):
                book = await books.read(self._kafka)
        except TimeoutError:
            raise KafkaTimeoutError from None
        found = next((one for one in book.contents if one.digest == named.digest), None)
        if found is None:
            log.error("policy %s is named on suar.facts and is not on suar.policy: publish it again", named.version)
            return
        try:
            self._held[found.digest] = read(found.content, found.version)
            log.info("policy %s is at hand", named.version)
        except PolicyError as error:
            log.warning("%s; this program may be older than the policy", error)
