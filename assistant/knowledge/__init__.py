"""The company's documents: load, chunk, index, search."""
