"""What the statistics page shows."""
