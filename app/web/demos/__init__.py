"""The pages of the demos, and their API."""
