"""Pages for signing in, for one's account, and for those who manage accounts and classes."""
