"""Who watched a stream saw what it told, alert by alert (UU 27/2022 Art. 46)."""

import asyncio
import json
from datetime import UTC, datetime

from schemas.alerts import Recipient, Role
from schemas.topics import AUDIT
from tests.broker.installation import Installation
from tests.drills.workers import until
from tests.feed.gateways import Gateway, Pen, Terminal
from tests.feed.pager_alerts import alert

PORT = "A-SOC"


async def test_every_alert_of_a_snapshot_and_after_it_is_on_the_audit_log(suar: Installation, gateway: Gateway) -> None:
    to = (Recipient(role=Role.SUPERVISOR, at=PORT),)
    before, after = ([alert(at=datetime.now(UTC), place=PORT, recipients=to) for _ in range(count)] for count in (3, 2))
    pen = Pen(suar.settings)
    await pen.write(before)
    async with gateway.client("supervisor") as client:
        terminal = Terminal(client, f"/v1/feeds/SUPERVISOR:{PORT}/stream")
        await terminal.read(1)
        await pen.write(after)
        await terminal.read(enough=2)
    await pen.close()
    wanted = {one.alert_id for one in before + after}

    def noted() -> bool:
        looks = [json.loads(one.value or b"") for one in suar.read(AUDIT)]
        return wanted <= {name for look in looks if look["what"] == "streamed" for name in look["ids"]}

    await asyncio.to_thread(until, noted, "the looks are on the log", 30)
