"""Hand-over to people: who holds a conversation, why, and when somebody answers. Pure functions."""
