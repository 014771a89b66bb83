"""Offline evals: nightly runs over the eval cases. Nothing here is on the way to an answer."""
