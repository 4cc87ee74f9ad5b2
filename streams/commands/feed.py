"""For operators: the gateway."""

from typing import Annotated

import typer

from streams import settings
from streams.commands.terminal import fail, in_force
from streams.feed import app
from streams.feed.settings import load


def feed(
    port: Annotated[int | None, typer.Option(help="Port to listen on; SUAR_FEED_PORT otherwise")] = None,
    level: Annotated[str, typer.Option(help="Least level that is logged")] = "info",
) -> None:
    """Run a gateway: the API, the streams and the pages. Run as many as needed; none of them holds anything.

    Exits with 2 when it must not start. Kafka and Redis may come later: /ready says what is missing.

    Example: SUAR_SIGN_IN=development suar feed

    Example: SUAR_FEED_HOST=0.0.0.0 SUAR_API_KEYS=/etc/suar/keys.toml suar feed --port 16081
    """
    try:
        config = load() if port is None else load(feed_port=port)
    except settings.SettingsError as error:
        fail(str(error))
    in_force(config.policy)
    app.serve(config, level)
