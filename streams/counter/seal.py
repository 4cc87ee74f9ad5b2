"""Seals what waits to be sent: a passport number lies on a terminal's disk as AES-GCM text and never in clear."""

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE: Final = 12
"""Bytes, NIST SP 800-38D 8.2: random for each message."""
_PURPOSE: Final = b"suar counter outbox 1"


class OtherKeyError(Exception):
    """Sealed with another key, for another attempt, or damaged."""


class Seal:
    """A key for one purpose, made of the terminal's secret."""

    def __init__(self, secret: bytes) -> None:
        self._key = AESGCM(HKDF(SHA256(), 32, None, _PURPOSE).derive(secret))

    def close(self, text: bytes, name: str) -> bytes:
        """Bound to the name of what it is: moved to another row it does not open."""
        nonce = os.urandom(_NONCE)
        return nonce + self._key.encrypt(nonce, text, name.encode())

    def open(self, sealed: bytes, name: str) -> bytes:
        """Raises OtherKeyError."""
        try:
            return self._key.decrypt(sealed[:_NONCE], sealed[_NONCE:], name.encode())
        except (InvalidTag, ValueError):
            raise OtherKeyError from None
