"""What stands on `suar.audit` and `suar.seals`: who saw or did what, and the seals by which nobody can change it unseen."""

from datetime import datetime

import msgspec


class Look(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who saw or did what, when (UTC), and from where. `ids` are alerts, crossings, silences or pseudonymous subjects;
    nothing in clear (UU 27/2022 Art. 31, 46).
    """

    at: datetime
    who: str
    kind: str
    roles: tuple[str, ...]
    what: str
    ids: tuple[str, ...]
    address: str
    request_id: str


class Seal(msgspec.Struct, frozen=True):
    """The state of one partition's chain behind its records from `first` up to and without `next`, signed.

    `previous` and `head` are SHA-256 in hex: the chain before and behind these records (`agents.seals.linked`).
    """

    partition: int
    first: int
    next: int
    count: int
    previous: str
    head: str
    at: datetime
    key_id: str
    signature: str = ""
    """Ed25519 (RFC 8032) over the seal without its signature, in hex."""

    @property
    def signed(self) -> bytes:
        """The bytes that the signature is over."""
        return msgspec.json.encode(msgspec.structs.replace(self, signature=""))
