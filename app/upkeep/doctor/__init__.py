"""`recur doctor`: finds what is wrong with a database, says it in words, and repairs what can be derived."""
