"""Prepares many files at once, on every processor."""

import gc
import logging
import multiprocessing
import os
import sys
from collections.abc import Collection, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.context import BaseContext

from app.cards.file.files import Found
from app.cards.render.prepare import ReadyFile, prepare

log = logging.getLogger(__name__)

# From here on, more processes gain more than their start costs (about half a second of parsing).
BYTES_WORTH_A_CROWD = 500_000


@dataclass(frozen=True)
class Job:
    """A file to prepare. Cards whose content hash is `known` are not rendered; without `show`, none is written."""

    found: Found
    data: bytes
    context: str
    known: Collection[str]
    show: bool = True


def prepare_all(jobs: Sequence[Job]) -> list[ReadyFile]:
    """Prepare every file, in order."""
    processors = min(os.cpu_count() or 1, 8)
    if processors == 1 or len(jobs) == 1 or sum(len(job.data) for job in jobs) < BYTES_WORTH_A_CROWD:
        return [_prepare(job) for job in jobs]
    try:
        # They live for one load and leave no cycles behind: collecting would cost a fifth of their time.
        with ProcessPoolExecutor(processors, mp_context=_start(), initializer=gc.disable) as pool:
            return list(pool.map(_prepare, jobs, chunksize=max(1, len(jobs) // (processors * 8))))
    except (BrokenProcessPool, OSError) as error:
        log.warning("Reading the content in one process, since more cannot be started: %s", error)
        return [_prepare(job) for job in jobs]


def _start() -> BaseContext:
    """How a process is started: as a copy of this one, which is quickest, or afresh.

    A copy of a server would take its threads' locks along, and on some systems there are no copies.
    """
    is_alone = sys.platform == "linux" and len(os.listdir("/proc/self/task")) == 1  # libraries' own threads too
    return multiprocessing.get_context("fork" if is_alone else "spawn")


def _prepare(job: Job) -> ReadyFile:
    return prepare(job.found, job.data, job.context, job.known, job.show)
