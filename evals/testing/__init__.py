"""For a team's own tests: assert on its own cases."""
