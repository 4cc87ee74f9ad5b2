"""Tests that need no service and finish in seconds."""
