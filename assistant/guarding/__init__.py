"""The guardrail of a running assistant: how it is built, fed, seen and asked."""
