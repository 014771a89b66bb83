"""What became of what people asked: definitions and statistics over plain rows. Pure functions."""
