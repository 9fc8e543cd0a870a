"""What an operator sees: the log, the metrics, and which version runs."""
