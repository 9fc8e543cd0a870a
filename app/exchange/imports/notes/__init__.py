"""Cards within notes: the marks of Obsidian's plugin, hashcards, RemNote, and Mochi."""
