"""Markdown, formulas and code become safe HTML."""
