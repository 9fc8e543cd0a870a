"""Content files become rows, and keep their history."""
