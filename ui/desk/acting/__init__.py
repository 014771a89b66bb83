"""What is done with a ticket beside writing: claimed, solved, merged, made an entry of."""
