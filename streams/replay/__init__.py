"""Replay: a history through the pure core with its own clock, under any policy, alike on any number of processes."""
