"""One turn: from a question to a checked answer."""
