"""Conversations that people take over: their log, their tickets, and who holds them."""
