"""Whether the right passage is found, in the right segment and language."""
