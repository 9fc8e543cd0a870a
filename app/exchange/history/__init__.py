"""Exports and imports a learner’s history."""
