"""What whoever runs an installation asks of it."""
