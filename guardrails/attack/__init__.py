"""Mutation testing of the measure: harms made on purpose, each of which it must notice."""
