"""Tests on a real Kafka broker and a real Redis server."""
