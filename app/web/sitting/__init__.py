"""Today and the sitting."""
