"""A night: plan, answer, judge, compare, and what follows."""
