"""`python -m tests.docs` writes the README's tables anew."""

from tests.docs.tables import README, rendered

README.write_text(rendered(README.read_text()))
