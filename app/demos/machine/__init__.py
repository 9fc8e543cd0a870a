"""What every demo is made with, and what makes its page."""
