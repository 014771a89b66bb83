"""Load, scale-out and size: real processes on loopback, and arms that are scripted."""
