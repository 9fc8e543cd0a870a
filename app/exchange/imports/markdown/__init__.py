"""Markdown that a content file can hold: from HTML, from MyST, from whatever an author wrote."""
