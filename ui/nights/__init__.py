"""The page of the eval nights: how scores moved, what each night found, and what is missing."""
