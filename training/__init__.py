"""Recipes of the models that are shipped; not part of the package."""
