"""Whether the scores that decide agree with people, and notice harm."""
