"""Notes: what officers write, sealed before it leaves the gateway and opened nowhere else."""

import base64
import binascii
import os
import re
from hashlib import blake2b
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from streams.feed.problems import Problem
from streams.settings import SettingsError

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
ID_BYTES: Final = 4
LONGEST: Final = 2000
"""Characters of a note; sealed, the longest fits the contract."""
_NUMBER: Final = re.compile(r"\d(?:[\s.\-]?\d){5,}")
"""Six digits and more, also when spaces, dots or hyphens stand between them: a NIK, a telephone, a passport number."""


class Notes:
    """Seals and opens with AES-256-GCM. A sealed text names its key by four bytes, so that an older one is told apart;
    the alert's id is bound to it, so that a note does not open under another alert.
    """

    def __init__(self, key: SecretStr | None) -> None:
        """Raises SettingsError when there is a key that is none."""
        self._box = None
        self._id = b""
        if key is not None:
            raw = _key(key.get_secret_value())
            self._box, self._id = AESGCM(raw), blake2b(raw, digest_size=ID_BYTES, person=b"suar-note").digest()

    def seal(self, text: str, alert_id: str) -> str:
        """Base64 of key id, nonce and box. Raises Problem: 422 when the text must not be kept, 503 without a key."""
        _may_be_kept(text)
        if self._box is None:
            raise Problem(503, "no_notes_key", "notes cannot be kept here: SUAR_NOTES_KEY is not set")
        nonce = os.urandom(NONCE_BYTES)
        box = self._box.encrypt(nonce, text.strip().encode(), alert_id.encode())
        return base64.b64encode(self._id + nonce + box).decode()

    def open(self, sealed: str, alert_id: str) -> str | None:
        """The text; None when it was sealed under another key, for another alert, or not by us."""
        try:
            whole = base64.b64decode(sealed, validate=True)
        except binascii.Error:
            return None
        if self._box is None or whole[:ID_BYTES] != self._id:
            return None
        nonce, box = whole[ID_BYTES : ID_BYTES + NONCE_BYTES], whole[ID_BYTES + NONCE_BYTES :]
        try:
            return self._box.decrypt(nonce, box, alert_id.encode()).decode()
        except (InvalidTag, ValueError):
            return None


def _key(text: str) -> bytes:
    for read in (bytes.fromhex, lambda one: base64.b64decode(one, validate=True)):
        try:
            raw = read(text.strip())
        except ValueError:
            continue
        if len(raw) == KEY_BYTES:
            return raw
    raise SettingsError("SUAR_NOTES_KEY: not 32 bytes in hex or base64. Make one with `openssl rand -hex 32`.")


def _may_be_kept(text: str) -> None:
    """A number of somebody belongs into the agency's own system. The reason never repeats it."""
    if not text.strip() or len(text) > LONGEST:
        raise Problem(422, "note_length", f"a note has between 1 and {LONGEST} characters")
    if _NUMBER.search(text):
        raise Problem(422, "note_holds_a_number", "a note must not hold a number of six or more digits: refer by alert")
