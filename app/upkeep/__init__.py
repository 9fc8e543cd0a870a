"""What an operator needs: finding and repairing damage, copies of the database, and moving it."""
