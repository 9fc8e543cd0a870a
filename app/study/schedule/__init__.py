"""When a card is asked again: ratings, states, the log of reviews, and what follows from it."""
