"""`python -m streams` is `suar`."""

from streams.cli import main

main()
