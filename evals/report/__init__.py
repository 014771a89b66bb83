"""What a night found, for people and for pipelines."""
