"""The page Browse."""
