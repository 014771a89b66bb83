"""``routeback demo``: two tuned models meet the guardrail on real questions, in minutes."""
