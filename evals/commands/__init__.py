"""The commands that look at models and data from outside; ``assistant.cli`` finds them by name."""
