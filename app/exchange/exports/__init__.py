"""Cards for other programs."""
