"""python -m app: the same as the command `recur`."""

from app.cli import main

if __name__ == "__main__":  # a worker process imports this file too
    main()
