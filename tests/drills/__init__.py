"""Drills: kill, move, flush and poison a running system under load, and then count every event."""
