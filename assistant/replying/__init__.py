"""What helps a person who answers a ticket: what it is about, and a draft of a reply."""
