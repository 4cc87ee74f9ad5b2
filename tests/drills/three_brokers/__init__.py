"""Drills on three brokers with three copies of everything, and on a Redis with a replica."""
