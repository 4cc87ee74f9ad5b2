"""The pages: what a person at a counter, a supervisor or a coordinator on call looks at."""
