"""One file a revision; the number in front is its order."""
