"""Computed questions: their numbers are new each time, and an answer is judged by the kernel that computes them."""
