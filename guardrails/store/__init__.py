"""Where the guardrail keeps what it knows: in any database of SQLAlchemy."""
