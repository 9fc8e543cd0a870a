"""From a Markdown file to cards in the database: parse, render, check, load, watch."""
