"""Stories from seeds: each is documentation, a demo and a test at once."""
