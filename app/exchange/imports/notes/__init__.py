"""Cards within notes: the marks of Obsidian's plugin, Org mode, hashcards, RemNote, and Mochi."""
