"""Computed questions one after another, and one for practice."""
