"""What the bridge to another desk keeps: what is linked, what was sent, what came in."""
