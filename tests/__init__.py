"""Tests: unit and stories need no service, broker and drills run real Kafka and Redis."""
