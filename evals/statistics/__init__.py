"""The statistics of nights: pure, and nothing else of evals."""
