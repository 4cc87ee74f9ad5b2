"""Hands: Kafka, Redis, HTTP, the clock and the environment. Nothing here decides about a person."""
