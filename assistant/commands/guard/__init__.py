"""``routeback guard``: the guardrail, seen and moved by people."""
