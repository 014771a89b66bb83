"""The benchmarks: what is published, and that a small run publishes nothing."""
