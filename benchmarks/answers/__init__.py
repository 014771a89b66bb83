"""Whether a reader gets a right answer."""
