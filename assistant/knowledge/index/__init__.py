"""The index of passages: its port, and the two engines behind it."""
