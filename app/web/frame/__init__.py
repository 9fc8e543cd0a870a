"""What every page shares: layout, errors, security, files."""
