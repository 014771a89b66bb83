"""Text as the guardrail reads it: words, sentences, figures, citations. No model."""
