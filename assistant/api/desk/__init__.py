"""The desk over HTTP: conversations for who asks, and tickets for the team."""
