"""What an operator needs: finding and mending damage, copies of the database, and moving it."""
