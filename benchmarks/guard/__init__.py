"""The detector, its promises, and the rules that people use instead."""
