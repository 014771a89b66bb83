"""What processes that work on the same records know of each other."""
