"""Arms: what one is, which there are, and how they come and go while the assistant answers."""
