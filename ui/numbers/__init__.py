"""The page of the numbers: what became of what people asked, and where a pilot stands."""
