"""The program `suar pager`: the pager, with its health and metrics beside it."""

import logging

from schemas.paging import RotaBook
from schemas.topics import ALERTS, DESK, PAGES
from streams import connection
from streams.admin import Admin, AdminError
from streams.paging.channels import Channels
from streams.paging.pager import Pager
from streams.paging.settings import PagerSettings
from streams.probes import beside

log = logging.getLogger("suar.pager")


async def serve(settings: PagerSettings, book: RotaBook) -> None:
    """Runs until a signal. Raises AdminError when topics are not as they must be, SettingsError, and whatever ends the pager."""
    connection.mend()
    await _refuse_wrong_topics(settings)
    async with Channels(book, settings) as channels:
        for name in channels.unset:
            log.warning("channel %s has no address: its pages become dead letters", name)
        pager = Pager(settings, book, channels)

        def state() -> dict[str, object]:
            return {
                "ready": pager.ready,
                "read": pager.log.whole.is_set(),
                "joined": pager.duty.joined,
                "rotas": sorted(pager.duty.rotas - {""}),
                "without_address": list(channels.unset),
            }

        await beside(pager.run(), state, settings.pager_host, settings.pager_port)


async def _refuse_wrong_topics(settings: PagerSettings) -> None:
    async with Admin(settings.kafka) as admin:
        differences = await admin.check((ALERTS, PAGES, DESK))
    if differences:
        raise AdminError(f"{differences[0]}: run `suar topics check`, then `suar topics create`")
