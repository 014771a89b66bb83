"""What goes on beside the answers: pairs, nights, alarms, and what evals ask."""
