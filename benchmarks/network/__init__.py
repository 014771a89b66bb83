"""Attacks a server that others can reach, over its own wire."""
