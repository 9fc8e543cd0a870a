"""What comes in from other programs and documents, and what goes out to them."""
