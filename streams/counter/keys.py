"""Keys of a terminal, one press at a time; everything can be done with them."""

import asyncio
import os
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

UP: Final = "up"
DOWN: Final = "down"
_ARROWS: Final = {"\x1b[A": UP, "\x1b[B": DOWN, "\x1bOA": UP, "\x1bOB": DOWN, "k": UP, "j": DOWN}


@contextmanager
def pressed(press: Callable[[str], None]) -> Iterator[None]:
    """Calls `press` with each key, in the running loop. Does nothing where nobody can press any."""
    if not sys.stdin.isatty():
        yield
        return
    stdin = sys.stdin.fileno()
    before = termios.tcgetattr(stdin)
    loop = asyncio.get_running_loop()

    def ready() -> None:
        text = os.read(stdin, 64).decode(errors="ignore")
        press(_ARROWS.get(text, text[:1]))

    tty.setcbreak(stdin)
    loop.add_reader(stdin, ready)
    try:
        yield
    finally:
        loop.remove_reader(stdin)
        termios.tcsetattr(stdin, termios.TCSADRAIN, before)
