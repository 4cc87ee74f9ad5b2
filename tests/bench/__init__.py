"""Benchmarks: every number of one run comes from the same machine, broker and Redis, so that its ratios mean something."""
