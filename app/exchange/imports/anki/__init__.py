"""Anki packages in: the archive, its database, its note types."""
