"""The index: its contract, and what only one of its homes has."""
