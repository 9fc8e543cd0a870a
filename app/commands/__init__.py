"""The commands of `recur`, by who types them; app/cli.py puts them together."""
