"""What is promised, measured: ``python -m benchmarks`` lists and runs it."""
