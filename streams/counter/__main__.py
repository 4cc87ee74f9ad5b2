"""`python -m streams.counter` is `suar checkpoint` for terminals: it loads nothing but what speaks HTTP."""

from streams.commands.checkpoint import checkpoint

checkpoint(prog_name="suar checkpoint")
