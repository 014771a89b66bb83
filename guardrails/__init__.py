"""Decides which arm may answer. Knows nothing of graphs, web or pages."""
