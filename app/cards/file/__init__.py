"""A content file as text: front matter, blocks, cards, mistakes."""
