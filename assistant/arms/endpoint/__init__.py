"""An OpenAI-compatible endpoint: what it takes, how it replies, and how it fails."""
