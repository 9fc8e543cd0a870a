"""Cards from other programs become a content file."""
