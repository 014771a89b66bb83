"""Nights, gates, coverage of cases, the judge's price, the audit of training data."""
