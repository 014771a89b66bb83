"""The bridge to the desk that a team has: what comes in from it, and Zammad both ways."""
