"""`recur doctor`: finds what is wrong with a database, says it in words, and mends what can be derived."""
