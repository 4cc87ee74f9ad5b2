"""The program `suar audit seal`: the sealer, with its health and metrics beside it."""

from schemas.topics import AUDIT, SEALS
from streams import connection
from streams.admin import Admin, AdminError
from streams.audit.sealer import Sealer
from streams.audit.settings import AuditSettings
from streams.audit.signing import Signer
from streams.probes import beside


async def serve(settings: AuditSettings, signer: Signer) -> None:
    """Runs until a signal. Raises AdminError when the topics are not as they must be."""
    connection.mend()
    async with Admin(settings.kafka) as admin:
        differences = await admin.check((AUDIT, SEALS))
    if differences:
        raise AdminError(f"{differences[0]}: run `suar topics check`, then `suar topics create`")
    sealer = Sealer(settings, signer)
    await beside(sealer.run(), lambda: {"ready": sealer.ready}, settings.sealer_host, settings.sealer_port)
