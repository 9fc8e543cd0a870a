"""What `recur check` and the authors’ commands do."""
