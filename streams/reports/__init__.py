"""Reports: the month's indicators as a page and as tables, and cases by the public standard of trafficking data."""
