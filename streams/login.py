"""How Faust's own consumer, which hears of new policies, signs in. Apart from `streams.security`: whoever needs no Faust does not wait for it."""

from faust.auth import Credentials, SASLCredentials, SSLCredentials

from streams import security
from streams.settings import Security


def credentials(held: Security) -> Credentials | None:
    """As `streams.security` reads them. Raises SettingsError."""
    if held.kafka_protocol == "PLAINTEXT":
        return None
    if held.kafka_protocol == "SSL":
        return SSLCredentials(security.context(held))
    password = security.secret(held.kafka_password)
    return SASLCredentials(
        username=held.kafka_user, password=password, ssl_context=security.context(held), mechanism=security.MECHANISM
    )
