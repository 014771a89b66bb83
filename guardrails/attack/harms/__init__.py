"""Harms and improvements, made on purpose from a good answer. Pure."""
