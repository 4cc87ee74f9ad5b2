"""Names of what stands in Redis for the feeds, for deliver, which writes them, and the gateway. All share one hash tag, and so one slot of a cluster."""

from typing import Final

from streams.settings import Settings

FEEDS: Final = "feed"
"""The hash tag."""


class Keys:
    """Of one installation."""

    def __init__(self, settings: Settings) -> None:
        self._prefix = f"{settings.namespace}:{{{FEEDS}}}:"

    @property
    def epoch(self) -> str:
        """A random text that a flush takes away: entry ids of two epochs do not compare."""
        return f"{self._prefix}epoch"

    def stream(self, feed: str) -> str:
        """Entries of a feed, the newest some thousand."""
        return f"{self._prefix}stream:{feed}"

    def open(self, feed: str) -> str:
        """Ids of a feed's open alerts, scored by the trigger's time."""
        return f"{self._prefix}open:{feed}"

    def upto(self, feed: str) -> str:
        """The last offset of each place that a feed was given."""
        return f"{self._prefix}upto:{feed}"

    def alert(self, alert_id: str) -> str:
        """The newest revision of an alert: whole, and as each feed sees it."""
        return f"{self._prefix}alert:{alert_id}"

    def past(self, alert_id: str) -> str:
        """Revisions of an alert, oldest first."""
        return f"{self._prefix}past:{alert_id}"

    def screening(self, crossing_id: str) -> str:
        """The newest answer to an attempt."""
        return f"{self._prefix}screening:{crossing_id}"

    def asked(self, name: str) -> str:
        """What became of a request that may be sent again."""
        return f"{self._prefix}asked:{name}"

    def signed_out(self, session: str) -> str:
        """That a session was ended."""
        return f"{self._prefix}signed-out:{session}"

    def steps(self, alert_id: str) -> str:
        """When an alert was first on the topic, on a screen, acknowledged and ended."""
        return f"{self._prefix}steps:{alert_id}"

    def times(self, place: str, step: str) -> str:
        """Newest durations of one step at one place, seconds."""
        return f"{self._prefix}times:{place}:{step}"

    @property
    def places(self) -> str:
        """Places of which there are times."""
        return f"{self._prefix}times"
