"""Evaluation: what was said of departures beside what is true of them, or what became known of them later."""
