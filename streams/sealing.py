"""Sealing: whoever admits can seal an identity and open none; the gateway's key opens it.

X25519 (RFC 7748), HKDF-SHA-256 (RFC 5869) and AES-256-GCM. A box is key id, the sealer's passing public key, nonce and
text; it is bound to whose it is, so that one does not open as another's.
"""

import os
from functools import lru_cache
from hashlib import blake2b
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

from streams.settings import SettingsError

ID_BYTES: Final = 4
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
BOXES_OF_A_KEY: Final = 2**20
"""After so many a sealer takes another passing key; random nonces would serve 2**32 (NIST SP 800-38D 8.3)."""


class Sealer:
    """Seals for the holder of a private key. It keeps nothing with which its boxes could be opened later than its own end."""

    def __init__(self, public: str) -> None:
        """`public`: 32 bytes in hex. Raises SettingsError when it is none."""
        self._public = _read(public, "SUAR_IDENTITY_SEAL")
        try:
            self._left, self._head, self._box = self._renewed()
        except ValueError:  # a point of low order, of which zeros are one
            raise _no_key("SUAR_IDENTITY_SEAL", "no public key") from None

    def seal(self, value: str, bound_to: str) -> bytes:
        """The box of a value that belongs to somebody."""
        if not self._left:
            self._left, self._head, self._box = self._renewed()
        self._left -= 1
        nonce = os.urandom(NONCE_BYTES)
        return self._head + nonce + self._box.encrypt(nonce, value.encode(), bound_to.encode())

    def _renewed(self) -> tuple[int, bytes, AESGCM]:
        mine = X25519PrivateKey.generate()
        passing = mine.public_key().public_bytes_raw()
        shared = mine.exchange(X25519PublicKey.from_public_bytes(self._public))
        return BOXES_OF_A_KEY, _id(self._public) + passing, AESGCM(_derived(shared, passing, self._public))


class Opener:
    """Opens what was sealed for any of its keys; older ones stay until nothing is sealed for them any more."""

    def __init__(self, keys: SecretStr | None) -> None:
        """`keys`: private keys, 32 bytes in hex each, separated by commas. Raises SettingsError when one is none."""
        self._keys: dict[bytes, X25519PrivateKey] = {}
        given = keys.get_secret_value().split(",") if keys is not None else ()
        for text in filter(str.strip, given):
            key = X25519PrivateKey.from_private_bytes(_read(text, "SUAR_IDENTITY_KEY"))
            self._keys[_id(key.public_key().public_bytes_raw())] = key
        self._box = lru_cache(maxsize=256)(self._made)

    @property
    def able(self) -> bool:
        """Is there any key?"""
        return bool(self._keys)

    def open(self, sealed: bytes, bound_to: str) -> str | None:
        """The value; None when it was sealed for another key, is another's, or was not sealed by us."""
        named, passing = sealed[:ID_BYTES], sealed[ID_BYTES : ID_BYTES + KEY_BYTES]
        rest = sealed[ID_BYTES + KEY_BYTES :]
        if named not in self._keys or len(rest) <= NONCE_BYTES:
            return None
        try:
            value = self._box(named, passing).decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], bound_to.encode())
            return value.decode()
        except (InvalidTag, ValueError):
            return None

    def _made(self, named: bytes, passing: bytes) -> AESGCM:
        key = self._keys[named]
        shared = key.exchange(X25519PublicKey.from_public_bytes(passing))
        return AESGCM(_derived(shared, passing, key.public_key().public_bytes_raw()))


def pair() -> tuple[str, str]:
    """A new private key, for gateways, and its public one, for workers; hex."""
    key = X25519PrivateKey.generate()
    return key.private_bytes_raw().hex(), key.public_key().public_bytes_raw().hex()


def _derived(shared: bytes, passing: bytes, public: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"suar identity" + passing + public).derive(shared)


def _id(public: bytes) -> bytes:
    return blake2b(public, digest_size=ID_BYTES, person=b"suar-identity").digest()


def _read(text: str, name: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise _no_key(name, f"not {KEY_BYTES} bytes in hex")
    return key


def _no_key(name: str, what: str) -> SettingsError:
    return SettingsError(f"{name}: {what}. Make a pair with `suar keys identity`.")
