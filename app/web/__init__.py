"""The pages: one file a family, with the same name in templates/ and tests/."""
