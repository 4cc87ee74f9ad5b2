"""Settings of secured connections: what is missing is named, what is secret comes from a file and is never shown."""

import ast
import gc
import ssl
from pathlib import Path

import pytest

from streams import security, settings
from streams.local import CHECKOUT
from streams.local_secured import Certificates
from streams.login import credentials
from streams.settings import Security, SettingsError

KEY = "key-of-nobody-key-of-nobody-key-of-nobody"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    made = Certificates(tmp_path_factory.mktemp("certificates"))
    made.server("localhost")
    made.client("suar-worker")
    return made


def test_in_clear_nothing_is_told() -> None:
    assert (security.kafka(Security()), security.librdkafka(Security()), credentials(Security())) == ({}, {}, None)
    assert security.redis("redis://127.0.0.1/0", Security()) == {}


def test_by_password(certificates: Certificates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "password").write_text("a password of nobody\n")
    monkeypatch.setenv("SUAR_KAFKA_PROTOCOL", "SASL_SSL")
    monkeypatch.setenv("SUAR_KAFKA_USER", "agency-simkim")
    monkeypatch.setenv("SUAR_KAFKA_CA", str(certificates.authority))
    monkeypatch.setenv("SUAR_KAFKA_PASSWORD_FILE", str(tmp_path / "password"))
    told = security.kafka()
    assert (told["sasl_plain_username"], told["sasl_plain_password"]) == ("agency-simkim", "a password of nobody")
    assert told["ssl_context"].verify_mode is ssl.CERT_REQUIRED
    assert told["ssl_context"].check_hostname
    assert security.librdkafka()["sasl.mechanism"] == "SCRAM-SHA-512"
    assert "a password" not in repr(security.current())


def test_by_certificate(certificates: Certificates) -> None:
    certificate, key = certificates.client("suar-worker")
    held = Security(kafka_ca=certificates.authority, kafka_certificate=certificate, kafka_key=key, kafka_protocol="SSL")
    assert set(security.kafka(held)) == {"security_protocol", "ssl_context"}
    assert security.librdkafka(held)["ssl.key.location"] == str(key)


def test_redis_over_tls(certificates: Certificates) -> None:
    held = Security(redis_ca=certificates.authority, redis_user="suar-worker", redis_password="of nobody")  # type: ignore[arg-type]
    assert security.redis("rediss://redis:6379/0", held) == {
        "username": "suar-worker",
        "password": "of nobody",
        "ssl_ca_certs": str(certificates.authority),
    }
    assert "ssl_ca_certs" not in security.redis("redis://redis:6379/0", held)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"kafka_protocol": "SASL_SSL"}, "SASL_SSL needs SUAR_KAFKA_USER and SUAR_KAFKA_PASSWORD"),
        ({"kafka_protocol": "SSL"}, "SSL needs SUAR_KAFKA_CERTIFICATE and SUAR_KAFKA_KEY"),
        ({"kafka_user": "somebody"}, "PLAINTEXT takes no SUAR_KAFKA_USER"),
        ({"kafka_protocol": "SASL_PLAINTEXT"}, "SUAR_KAFKA_PROTOCOL"),
        ({"kafka_ca": "/nowhere"}, "SUAR_KAFKA_CA: .*there is no such file"),
        ({"redis": "rediss://somebody:hidden@redis/0"}, "SUAR_REDIS: .*the password goes to SUAR_REDIS_PASSWORD"),
    ],
)
def test_what_is_wrong_is_one_line(told: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said) as refused:
        settings.load(pseudonym_key=KEY, **told)
    assert "\n" not in str(refused.value)
    assert "hidden" not in str(refused.value)


def test_a_file_that_is_no_certificate_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("not a certificate")
    with pytest.raises(SettingsError, match="cannot be used"):
        security.kafka(
            Security(kafka_ca=tmp_path / "ca.crt", kafka_user="x", kafka_password="y", kafka_protocol="SASL_SSL")
        )  # type: ignore[arg-type]


@pytest.mark.parametrize("field", ["pseudonym_key", "kafka_password", "redis_password"])
def test_every_secret_may_be_in_a_file(field: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUAR_PSEUDONYM_KEY", raising=False)
    for name in {field, "pseudonym_key"}:
        (tmp_path / name).write_text(f"{KEY}\n")
        monkeypatch.setenv(f"SUAR_{name.upper()}_FILE", str(tmp_path / name))
    assert getattr(settings.load(), field).get_secret_value() == KEY


def test_a_secret_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUAR_PSEUDONYM_KEY_FILE", "/nowhere")
    with pytest.raises(SettingsError, match="SUAR_PSEUDONYM_KEY_FILE: No such file"):
        settings.load()


CLIENTS = {
    "AIOKafkaConsumer": "security.kafka(",
    "AIOKafkaProducer": "security.kafka(",
    "AIOKafkaAdminClient": "security.kafka(",
    "AIOKafkaClient": "security.kafka(",
    "from_url": "security.redis(",
}


def _parsed(file: Path) -> ast.Module:
    """Python 3.11 loses count of its depth when a collection runs in the middle of a parse (CPython gh-106905)."""
    gc.disable()
    try:
        return ast.parse(file.read_text())
    finally:
        gc.enable()


def test_every_client_is_told() -> None:
    """One that is made without it would speak in clear, and be refused by every deployment."""
    untold, seen = [], 0
    for file in sorted((CHECKOUT / "streams").rglob("*.py")):
        for call in (one for one in ast.walk(_parsed(file)) if isinstance(one, ast.Call)):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if name in CLIENTS:
                seen += 1
                if CLIENTS[name] not in ast.unparse(call):
                    untold.append(f"{file.relative_to(CHECKOUT)}:{call.lineno}")
    assert seen > 10
    assert untold == []
