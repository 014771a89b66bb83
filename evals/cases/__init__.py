"""Golden questions: what they say, where they come from, what they leave out."""
