"""Pairs and segments that are simulated, for the attack and for ``guard simulate``."""
