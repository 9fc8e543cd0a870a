"""What a class's answers say of the cards, told only where five learners or more have answered; see renew.py."""
