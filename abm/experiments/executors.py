"""Executing independent tasks, in this process or in several, so that a dead process costs only its own."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

DIED = "the worker process died"

Task = Callable[..., "str | None"]
Result = tuple[int, "str | None"]


def run_tasks(task: Task, arguments: Sequence[tuple[Any, ...]], *, jobs: int) -> Iterator[Result]:
    """Call a task with each tuple of arguments and yield position and result as they finish.

    Parameters
    ----------
    task : callable
        Importable by name; returns None, or an error as one line.
    arguments : sequence of tuple
        One tuple per call; they have to pickle if ``jobs`` > 1.
    jobs : int
        Processes. With 1, the calls are made in this process.

    Yields
    ------
    (int, str or None)
        Position in ``arguments`` and what the task returned. The calls in flight when a process dies
        yield an error; the others go on in fresh processes.
    """
    if jobs == 1:
        for position, values in enumerate(arguments):
            yield position, task(*values)
        return
    waiting = list(enumerate(arguments))
    while waiting:
        yield from _run_pool(task, waiting, jobs)


def _run_pool(task: Task, waiting: list[tuple[int, tuple[Any, ...]]], jobs: int) -> Iterator[Result]:
    """Take tasks off the list, at most ``jobs`` in flight, until it is empty or a process dies."""
    context = multiprocessing.get_context("spawn")  # forking a process with compiled threads is unsafe
    pool = ProcessPoolExecutor(max_workers=min(jobs, len(waiting)), mp_context=context)
    in_flight: dict[Future[str | None], int] = {}
    broken = False
    try:
        while in_flight or (waiting and not broken):
            while waiting and len(in_flight) < jobs and not broken:
                position, values = waiting[0]
                try:
                    in_flight[pool.submit(task, *values)] = position
                except BrokenProcessPool:
                    broken = True
                else:
                    del waiting[0]
            for future in wait(in_flight, return_when=FIRST_COMPLETED).done:
                position = in_flight.pop(future)
                error = future.exception()
                if error is not None and not isinstance(error, BrokenProcessPool):
                    raise error
                broken = broken or error is not None
                yield position, DIED if error is not None else future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
