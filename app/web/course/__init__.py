"""Topics, cards, and the pages for authors."""
