"""Statistics, pure: detectors, intervals, agreement, prediction."""
