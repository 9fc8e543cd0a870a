"""Figures and tasks of single demos."""
