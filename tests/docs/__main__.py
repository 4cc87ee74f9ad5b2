"""`python -m tests.docs` writes the README's tables and the rules' cards anew."""

from tests.docs import cards
from tests.docs.tables import README, rendered

README.write_text(rendered(README.read_text()))
cards.PAGE.write_text(cards.rendered())
