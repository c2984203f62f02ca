"""Executing independent tasks, in this process or in several, so that a dead process costs only its own."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait as wait_for_any
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

    Notes
    -----
    Where this process is interrupted or ends, however it ends, the others end too, at once.
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
    pool = ProcessPoolExecutor(
        max_workers=min(jobs, len(waiting)), mp_context=context, initializer=_end_with_parent
    )
    in_flight: dict[Future[str | None], int] = {}
    broken = False
    finished = False
    try:
        while in_flight or (waiting and not broken):
            while waiting and len(in_flight) < jobs and not broken:
                position, values = waiting[0]
                try:
                    with _interrupts_held():
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
        finished = True
    finally:
        if not finished:
            for worker in multiprocessing.active_children():
                if worker.pid in _pids(pool):
                    worker.terminate()
        pool.shutdown(wait=True, cancel_futures=True)


def _pids(pool: ProcessPoolExecutor) -> set[int]:
    return set(pool._processes or ())


def _end_with_parent() -> None:
    """Let this worker process end when the one that started it is gone, however that ended."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_wait_for_end, args=(parent.sentinel,), daemon=True).start()


def _wait_for_end(sentinel: int) -> None:
    wait_for_any([sentinel])
    os._exit(1)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back while a process is started: it inherits that, and is ended by us alone."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
