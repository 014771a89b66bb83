"""Who visits, and for administrators: people and keys."""
