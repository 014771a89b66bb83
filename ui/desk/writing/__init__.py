"""Writing in a ticket: the box, kept replies, and what helps: a summary and a draft."""
