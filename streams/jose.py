"""What an agency seals: the data of its events as a JWE (RFC 7516, compact), which admission alone can open.

`ECDH-ES` over X25519 (RFC 7518 4.6, RFC 8037 3.2) and `A256GCM`, as JOSE libraries of every language write it; the id of the key stands
in the header (`kid`). Nothing else is read: no other algorithm, no compression, no critical extension.
"""

import base64
import binascii
import os
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from pydantic import SecretStr

from schemas.wire import BadRecord, Reason
from streams.settings import SettingsError

ALGORITHM: Final = "ECDH-ES"
ENCRYPTION: Final = "A256GCM"
CURVE: Final = "X25519"
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
TEXTS_OF_A_KEY: Final = 2**20
"""After so many a sealer takes another passing key; random nonces would serve 2**32 (NIST SP 800-38D 8.3)."""
HEADER_BYTES: Final = 4096
"""A header has some two hundred."""


class _Passing(msgspec.Struct, frozen=True):
    """The sealer's passing public key, as a JWK."""

    crv: str
    x: str
    kty: str = ""


class _Header(msgspec.Struct, frozen=True):
    alg: str
    enc: str
    kid: str
    epk: _Passing
    zip: str | None = None
    crit: tuple[str, ...] | None = None
    apu: str = ""
    apv: str = ""


_HEADER: Final = msgspec.json.Decoder(_Header)


class EventSealer:
    """Seals for whoever admits, and can open nothing."""

    def __init__(self, public: str) -> None:
        """`public`: 32 bytes in hex, as `suar keys events` shows them. Raises SettingsError when it is none."""
        self._public = _read(public, "SUAR_EVENT_SEAL")
        try:
            self._left, self._header, self._box = self._renewed()
        except ValueError:  # a point of low order, of which zeros are one
            raise _no_key("SUAR_EVENT_SEAL", "no public key") from None

    def seal(self, data: bytes) -> str:
        """The JWE of an event's data, some 300 bytes and a third longer."""
        if not self._left:
            self._left, self._header, self._box = self._renewed()
        self._left -= 1
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._box.encrypt(nonce, data, self._header.encode())
        return ".".join((self._header, "", _text(nonce), _text(sealed[:-TAG_BYTES]), _text(sealed[-TAG_BYTES:])))

    def _renewed(self) -> tuple[int, str, AESGCM]:
        mine = X25519PrivateKey.generate()
        epk = {"kty": "OKP", "crv": CURVE, "x": _text(mine.public_key().public_bytes_raw())}
        header = {"alg": ALGORITHM, "enc": ENCRYPTION, "kid": key_id(self._public), "epk": epk}
        shared = mine.exchange(X25519PublicKey.from_public_bytes(self._public))
        return TEXTS_OF_A_KEY, _text(msgspec.json.encode(header)), AESGCM(_derived(shared, b"", b""))


class EventOpener:
    """Opens what was sealed for any of its keys; an older one stays until nothing that waits is sealed for it."""

    def __init__(self, keys: SecretStr | None) -> None:
        """`keys`: private keys, 32 bytes in hex each, separated by commas. Raises SettingsError when one is none."""
        self._keys: dict[str, X25519PrivateKey] = {}
        given = keys.get_secret_value().split(",") if keys is not None else ()
        for text in filter(str.strip, given):
            key = X25519PrivateKey.from_private_bytes(_read(text, "SUAR_EVENT_KEY"))
            self._keys[key_id(key.public_key().public_bytes_raw())] = key
        self._box: Callable[[str], AESGCM] = lru_cache(maxsize=1024)(self._made)

    @property
    def able(self) -> bool:
        """Is there any key?"""
        return bool(self._keys)

    def open(self, sealed: str) -> bytes:
        """The data of an event. Raises BadRecord: the key is unknown (`kid`), or it is no JWE that is read here."""
        parts = sealed.split(".")
        if len(parts) != 5 or parts[1] or len(parts[0]) > HEADER_BYTES:
            raise BadRecord(Reason.CANNOT_BE_OPENED)
        header, _, nonce, text, tag = parts
        try:
            box = self._box(header)
            return box.decrypt(_bytes(nonce, NONCE_BYTES), _bytes(text) + _bytes(tag, TAG_BYTES), header.encode())
        except (InvalidTag, ValueError):
            raise BadRecord(Reason.CANNOT_BE_OPENED) from None

    def _made(self, text: str) -> AESGCM:
        """Of a header; most are the same as the one before. Raises BadRecord or ValueError."""
        try:
            header = _HEADER.decode(_bytes(text))
        except (msgspec.DecodeError, RecursionError):
            raise BadRecord(Reason.CANNOT_BE_OPENED, "header") from None
        read = (header.alg, header.enc, header.epk.crv) == (ALGORITHM, ENCRYPTION, CURVE)
        if not read or header.zip is not None or header.crit is not None:
            raise BadRecord(Reason.CANNOT_BE_OPENED, "header")
        key = self._keys.get(header.kid)
        if key is None:
            raise BadRecord(Reason.CANNOT_BE_OPENED, "kid")
        shared = key.exchange(X25519PublicKey.from_public_bytes(_bytes(header.epk.x, KEY_BYTES)))
        return AESGCM(_derived(shared, _bytes(header.apu), _bytes(header.apv)))


def event_pair() -> tuple[str, str]:
    """A new private key, for workers, and its public one, for agencies; hex."""
    key = X25519PrivateKey.generate()
    return key.private_bytes_raw().hex(), key.public_key().public_bytes_raw().hex()


def public_jwk(public: str) -> str:
    """A public key as JOSE libraries take it (RFC 8037 2). Raises SettingsError when it is none."""
    raw = _read(public, "SUAR_EVENT_SEAL")
    jwk = {"kty": "OKP", "crv": CURVE, "x": _text(raw), "kid": key_id(raw), "alg": ALGORITHM, "use": "enc"}
    return msgspec.json.encode(jwk).decode()


def key_id(public: bytes) -> str:
    """The name of a key: eight hex digits that follow from it."""
    return blake2b(public, digest_size=4, person=b"suar-event").hexdigest()


def _derived(shared: bytes, apu: bytes, apv: bytes) -> bytes:
    """The Concat KDF as RFC 7518 4.6.2 fills it in."""
    told = b"".join(len(each).to_bytes(4, "big") + each for each in (ENCRYPTION.encode(), apu, apv))
    return ConcatKDFHash(SHA256(), KEY_BYTES, told + (KEY_BYTES * 8).to_bytes(4, "big")).derive(shared)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str, exactly: int | None = None) -> bytes:
    """Raises ValueError."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except binascii.Error:
        raise ValueError("no base64url") from None
    if exactly is not None and len(raw) != exactly:
        raise ValueError("not as long as it must be")
    return raw


def _read(text: str, name: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise _no_key(name, f"not {KEY_BYTES} bytes in hex")
    return key


def _no_key(name: str, what: str) -> SettingsError:
    return SettingsError(f"{name}: {what}. Make a pair with `suar keys events`.")
