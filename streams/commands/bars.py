"""Progress of work that goes topic by topic."""

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from streams.commands.terminal import console


class Bars:
    """A bar for each topic, from when it is first heard of."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def tell(self, topic: str, done: int, total: int) -> None:
        """Moves the topic's bar."""
        if topic not in self._tasks:
            self._tasks[topic] = self._progress.add_task(topic, total=total)
        self._progress.update(self._tasks[topic], completed=done)


def bar() -> Progress:
    """Shown while it is worked on, and then gone."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=console, transient=True
    )
