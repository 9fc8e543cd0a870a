"""Recur: interview-prep flashcards on recurrent neural networks, with a live NumPy demo behind every card."""

import os

# The demos' matrices are small: handing them to threads costs more than it gives, and a server's cores have other work.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
