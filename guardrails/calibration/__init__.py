"""What people say of answers, and what it makes of scores."""
