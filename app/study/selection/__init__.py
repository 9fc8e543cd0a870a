"""Which cards: filters, states, marks, tags and links."""
