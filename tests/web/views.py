"""Views as deliver writes them, of alerts that the stories raise on the pure core."""

from functools import cache
from typing import Any

from agents.route import view
from schemas.alerts import Role
from tests.stories.play import FOLDER, play, read

TOLD = ("handler_contact_cluster_fires", "strangers_one_booking_fires", "deferred_then_other_checkpoint_fires")


@cache
def coordinator_views(role: Role = Role.COORDINATOR) -> tuple[dict[str, Any], ...]:
    """Of every alert that stands at the end of a few stories."""
    worlds = [play(read(FOLDER / f"{name}.yaml")).world for name in TOLD]
    return tuple(view(alert, role) for world in worlds for alert in world.standing().values())
