"""`python -m tests.docs` writes the README's tables, the rules' cards and the capacity page anew."""

from tests.docs import capacity, cards
from tests.docs.tables import README, rendered

README.write_text(rendered(README.read_text()))
cards.PAGE.write_text(cards.rendered())
capacity.PAGE.write_text(capacity.rendered())
