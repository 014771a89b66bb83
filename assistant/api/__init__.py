"""The HTTP API: OpenAI-compatible chat, feedback, tickets, knowledge, health."""
