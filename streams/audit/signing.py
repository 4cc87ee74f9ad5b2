"""Keys of the seals: an Ed25519 pair (RFC 8032). The sealer holds the private one; whoever checks needs the public ones alone."""

import re
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from schemas.audit import Seal
from streams.settings import SettingsError

_PEM: Final = re.compile(r"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", re.DOTALL)
_ID_BYTES: Final = 8


def make(private: Path) -> Path:
    """Writes a new pair, the private key readable by its owner alone. Gives the public key's file. Raises FileExistsError."""
    public = private.with_suffix(".pub")
    key = Ed25519PrivateKey.generate()
    private.touch(mode=0o600, exist_ok=False)
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return public


class Signer:
    """Signs seals."""

    def __init__(self, file: Path) -> None:
        """Raises SettingsError when the file holds no private key of this kind."""
        try:
            key = load_pem_private_key(file.read_bytes(), None)
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise SettingsError(f"SUAR_AUDIT_KEY: {file} holds no key of ours. Make one with `suar audit key {file}`.")
        self._key = key
        self._id = _id(key.public_key())

    def sign(self, seal: Seal) -> Seal:
        """The seal with this key's id and signature."""
        named = msgspec.structs.replace(seal, key_id=self._id)
        return msgspec.structs.replace(named, signature=self._key.sign(named.signed).hex())


class Trust:
    """The public keys, newer and older, that seals may be signed with."""

    def __init__(self, files: Iterable[Path]) -> None:
        """Each file holds one key or several. Raises SettingsError when one cannot be read or holds none."""
        self._keys: dict[str, Ed25519PublicKey] = {}
        for file in files:
            self._take(file)

    def holds(self, seal: Seal) -> bool:
        """Is it signed with one of the keys?"""
        key = self._keys.get(seal.key_id)
        if key is None:
            return False
        try:
            key.verify(bytes.fromhex(seal.signature), seal.signed)
        except (InvalidSignature, ValueError):
            return False
        return True

    def _take(self, file: Path) -> None:
        try:
            found = [load_pem_public_key(text.encode()) for text in _PEM.findall(file.read_text())]
        except (OSError, ValueError, UnsupportedAlgorithm):
            found = []
        keys = [key for key in found if isinstance(key, Ed25519PublicKey)]
        if not keys:
            raise SettingsError(
                f"SUAR_AUDIT_PUBLIC: {file} holds no public key: name the .pub file beside the private key"
            )
        self._keys |= {_id(key): key for key in keys}


def _id(key: Ed25519PublicKey) -> str:
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return blake2b(raw, digest_size=_ID_BYTES, person=b"suar-seal").hexdigest()
