"""What clients of Kafka and Redis are told about TLS and about who we are.

It is read anew for each client, so that a certificate or a password that was turned is taken up by the next connection.
"""

import ssl
from typing import Any

from aiokafka.conn import create_conn
from aiokafka.errors import AuthenticationFailedError, KafkaError, SaslAuthenticationFailed

from streams import settings
from streams.settings import Security

MECHANISM = "SCRAM-SHA-512"
ASKED_WITHIN_MS = 5000
REFUSED = (AuthenticationFailedError, SaslAuthenticationFailed)


def current() -> Security:
    """The part of the settings that this is about. Raises SettingsError."""
    return settings.read(Security)


def kafka(security: Security | None = None) -> dict[str, Any]:
    """Arguments of every client of aiokafka. Raises SettingsError when a file cannot be used."""
    held = security or current()
    if held.kafka_protocol == "PLAINTEXT":
        return {}
    told: dict[str, Any] = {"security_protocol": held.kafka_protocol, "ssl_context": context(held)}
    if held.kafka_protocol == "SASL_SSL":
        told |= {
            "sasl_mechanism": MECHANISM,
            "sasl_plain_username": held.kafka_user,
            "sasl_plain_password": secret(held.kafka_password),
        }
    return told


def librdkafka(security: Security | None = None) -> dict[str, str]:
    """The same for clients of confluent-kafka and of every other librdkafka."""
    held = security or current()
    if held.kafka_protocol == "PLAINTEXT":
        return {}
    files = {
        "ssl.ca.location": held.kafka_ca,
        "ssl.certificate.location": held.kafka_certificate,
        "ssl.key.location": held.kafka_key,
    }
    told = {"security.protocol": held.kafka_protocol} | {name: str(file) for name, file in files.items() if file}
    if held.kafka_protocol == "SASL_SSL":
        told |= {
            "sasl.mechanism": MECHANISM,
            "sasl.username": held.kafka_user or "",
            "sasl.password": secret(held.kafka_password) or "",
        }
    return told


def context(security: Security) -> ssl.SSLContext:
    """Names of hosts are always compared with the certificate. Raises SettingsError when a file is no PEM."""
    try:
        made = ssl.create_default_context(cafile=security.kafka_ca)
        if security.kafka_certificate is not None:
            made.load_cert_chain(security.kafka_certificate, security.kafka_key)
    except (ssl.SSLError, OSError) as error:
        raise settings.SettingsError(
            f"SUAR_KAFKA_CA, SUAR_KAFKA_CERTIFICATE or SUAR_KAFKA_KEY cannot be used ({type(error).__name__}): "
            "each is a PEM file, and the key is the certificate's"
        ) from None
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    return made


def redis(url: str, security: Security | None = None) -> dict[str, Any]:
    """Arguments of every client of Redis besides its URL."""
    held = security or current()
    told: dict[str, Any] = {"username": held.redis_user, "password": secret(held.redis_password)}
    if url.startswith("rediss:") and held.redis_ca is not None:
        told["ssl_ca_certs"] = str(held.redis_ca)
    return {name: value for name, value in told.items() if value is not None}


async def why(bootstrap: str) -> str:
    """Why no broker took us in, in one line: aiokafka says only that none did."""
    host, _, port = bootstrap.split(",", maxsplit=1)[0].strip().rpartition(":")
    try:
        connection = await create_conn(host, int(port), request_timeout_ms=ASKED_WITHIN_MS, **kafka())
    except ssl.SSLError as error:
        told = error.reason or type(error).__name__
        return (
            f"Kafka at {bootstrap}: no TLS ({told}): see SUAR_KAFKA_PROTOCOL, SUAR_KAFKA_CA and SUAR_KAFKA_CERTIFICATE"
        )
    except REFUSED:
        return f"Kafka at {bootstrap} refuses this user and password: see SUAR_KAFKA_USER and SUAR_KAFKA_PASSWORD_FILE"
    except (KafkaError, OSError, ValueError) as error:
        return f"no Kafka broker answers at {bootstrap} ({type(error).__name__}): start it, or set SUAR_KAFKA"
    connection.close()
    return f"Kafka at {bootstrap} answered only now: try again"


def secret(value: Any) -> str | None:
    """What a setting hides; None when it is not set."""
    return value.get_secret_value() if value is not None else None
