"""A learner’s preferences, profile and keys."""
