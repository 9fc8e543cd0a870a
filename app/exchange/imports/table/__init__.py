"""Tables of cards in: rows, columns, cells."""
