"""How requests come in: from where, by whom, and how much of them."""
