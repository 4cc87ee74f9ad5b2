"""`python -m tests.scorecard`: measures again and writes RESULTS.md and results.json."""

import json

from tests.scorecard.measure import results
from tests.scorecard.report import NUMBERS, PAGE, page

if __name__ == "__main__":
    found = results()
    NUMBERS.write_text(json.dumps(found, indent=1) + "\n")
    PAGE.write_text(page(found))
