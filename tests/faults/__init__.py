"""What happens when a part dies, hangs or lies: real processes on loopback, seeded."""
