"""What is kept of questions, tickets and nights, in SQLite or PostgreSQL."""
