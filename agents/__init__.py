"""Thoughts: what a fact means for what we know, and whether to speak. Pure functions over plain values; no clock, no network."""
