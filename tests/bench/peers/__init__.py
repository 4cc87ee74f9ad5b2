"""The same join on other engines, each a program that prints its time as JSON on its last line."""
