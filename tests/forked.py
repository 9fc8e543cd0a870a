"""A process that is a copy of this one, as between a fork and the program that it starts."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


def fork() -> int:
    """`os.fork`, which JAX warns of wherever it was imported before: a child must not compute with it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return os.fork()


@contextmanager
def forked() -> Iterator[None]:
    """A child with all files open that are open here, until the end of the block."""
    read, write = os.pipe()
    child = fork()
    if not child:
        os.close(write)  # so that it ends with its parent, too
        os.read(read, 1)
        os._exit(0)
    try:
        yield
    finally:
        os.write(write, b".")
        os.waitpid(child, 0)
        os.close(read)
        os.close(write)
