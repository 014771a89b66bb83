"""Where the guardrail keeps what it knows: the port, and SQLAlchemy behind it."""
