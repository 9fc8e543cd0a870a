"""What is asked now: the queue, progress and summary of a sitting."""
