"""The knowledge: where it comes from, what grows, and what is stale in it."""
