"""What a message asks: cut into questions, read with the conversation before it. Pure."""
