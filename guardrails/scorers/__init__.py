"""Scorers: how good an answer is, as a number in [0, 1] or a reason why there is none."""
