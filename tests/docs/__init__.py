"""The README's tables are made from the code; `python -m tests.docs` writes them anew."""
