"""`suar` with a fold that never comes back: `python -m tests.broker.standing_still worker`."""

import asyncio
from collections.abc import Sequence

from streams.cli import main
from streams.lanes import Folded, Records
from streams.react import ReactFold


async def never(self: ReactFold, records: Records, blobs: Sequence[bytes | None]) -> Folded:
    """What a forgotten lock or a lost answer looks like from outside."""
    await asyncio.Event().wait()
    raise AssertionError("nobody sets that event")


if __name__ == "__main__":
    ReactFold.fold = never  # type: ignore[method-assign]  # the point of this program
    main()
