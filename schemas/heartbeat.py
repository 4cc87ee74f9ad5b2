"""Heartbeats: silence with a heartbeat is quiet; silence without one is a stale feed."""

from schemas.envelope import Contract, Instant


class FeedHeartbeat(Contract):
    """The publisher has nothing older than `complete_up_to` left to send on this partition. Valid for every system."""

    complete_up_to: Instant
