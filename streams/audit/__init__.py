"""The audit log's seals: the program that makes them, the keys, the check, and who saw whom."""
