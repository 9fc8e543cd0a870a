"""python -m bench [name …]: run all benchmarks, or those named."""

import sys

from bench import (
    browse,
    check,
    class_overview,
    computed,
    evidence,
    import_history,
    import_notes,
    kernels,
    load,
    next_card,
    plan,
    review,
    slider,
    startup,
    statistics,
)

ALL = {
    "review": review.run,
    "computed": computed.run,
    "kernels": kernels.run,
    "slider": slider.run,
    "load": load.run,
    "import": import_notes.run,
    "import_history": import_history.run,
    "check": check.run,
    "next_card": next_card.run,
    "browse": browse.run,
    "plan": plan.run,
    "evidence": evidence.run,
    "startup": startup.run,
    "stats": statistics.run,
    "class": class_overview.run,
}


def main(names: list[str]) -> None:
    """Run them in order. Exits with a sentence when a name is unknown."""
    unknown = [name for name in names if name not in ALL]
    if unknown:
        sys.exit(f"There is no benchmark called {unknown[0]!r}; there are {', '.join(ALL)}.")
    for name in names or ALL:
        ALL[name]()


if __name__ == "__main__":  # a worker process imports this file too
    main(sys.argv[1:])
