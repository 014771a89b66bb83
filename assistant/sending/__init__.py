"""Sends the messages of the guardrail's outbox: to a webhook, to Slack and by e-mail."""
