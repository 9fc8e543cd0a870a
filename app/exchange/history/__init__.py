"""A learner’s history as a file, out and in."""
