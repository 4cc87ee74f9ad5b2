"""How many partitions the keyed topics of this installation have: one number for all, so that a subject's facts meet."""

import os
from functools import lru_cache

from schemas.topics import PARTITIONS, Topic
from streams import settings
from streams.settings import Layout


def partitions_of(topic: Topic) -> int:
    """Of that topic here. Raises SettingsError when SUAR_PARTITIONS is no such number."""
    return in_all(os.environ.get("SUAR_PARTITIONS")) if topic.partitions == PARTITIONS else topic.partitions


@lru_cache
def in_all(_said: str | None) -> int:
    """The number for all, as the environment says it now."""
    return settings.read(Layout).partitions
