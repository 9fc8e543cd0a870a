"""The Python program of a state: what computes its numbers, cut out of the sources, for NumPy alone."""
