"""What a version in the shadow would have said otherwise, counted from `suar.shadow`."""

from collections import Counter
from dataclasses import dataclass

from pydantic import ValidationError

from schemas.shadow import Change, Shadowed
from schemas.topics import SHADOW
from streams.reading import everything


@dataclass(frozen=True)
class Report:
    """The last word on each alert that differs, newest last."""

    version: str
    differing: tuple[Shadowed, ...]

    @property
    def changes(self) -> Counter[Change]:
        """How many alerts differ, by how."""
        return Counter(one.change for one in self.differing)

    @property
    def rules(self) -> Counter[tuple[str, Change]]:
        """How often a rule made the difference; one alert may have several."""
        return Counter((rule, one.change) for one in self.differing for rule in one.rules)


async def report(kafka: str, version: str) -> Report:
    """Everything that the topic says of one version."""
    newest: dict[str, Shadowed] = {}
    async for record in everything(kafka, SHADOW.name):
        try:
            one = Shadowed.model_validate_json(record.value or b"")
        except ValidationError:
            continue  # somebody else wrote there
        before = newest.get(one.alert_id)
        if one.shadow_version == version and (before is None or one.revision >= before.revision):
            newest[one.alert_id] = one
    differing = [one for one in newest.values() if one.change is not Change.SAME]
    return Report(version, tuple(sorted(differing, key=lambda one: one.at)))
