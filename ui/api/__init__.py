"""The API as the pages use it, and what it sends."""
