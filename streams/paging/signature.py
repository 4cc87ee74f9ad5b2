"""Signatures of webhooks: HMAC-SHA256 over `timestamp.body`, so that a receiver knows who sent it and that it is fresh."""

import hashlib
import hmac
import re
from datetime import datetime, timedelta

HEADER = "Suar-Signature"
ID_HEADER = "Suar-Id"
"""The same for every try of one page: a receiver that has seen it answers 2xx and does nothing."""
TOLERANCE = timedelta(minutes=5)
_FORM = re.compile(r"^t=(\d{1,12}),v1=([0-9a-f]{64})$")


def sign(secret: str, body: bytes, now: datetime) -> str:
    """The value of `Suar-Signature`: seconds since 1970 (UTC) and the hex digest."""
    seconds = int(now.timestamp())
    return f"t={seconds},v1={_digest(secret, seconds, body)}"


def holds(secret: str, body: bytes, header: str, now: datetime) -> bool:
    """For receivers: is the signature ours, and at most five minutes old or early?"""
    found = _FORM.match(header)
    if found is None:
        return False
    seconds = int(found[1])
    fresh = abs(now.timestamp() - seconds) <= TOLERANCE.total_seconds()
    return hmac.compare_digest(_digest(secret, seconds, body), found[2]) and fresh


def _digest(secret: str, seconds: int, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
