"""What is asked next, and when again: rating, scheduler, queue, review, replay."""
