"""Worker processes: spawned, so that they inherit only what is handed over, and deaf to Ctrl-C, which is ours."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from typing import Any

from sim.errors import SimError


@contextmanager
def pool(processes: int, start: Callable[..., None] | None = None, *arguments: Any) -> Iterator[Executor]:
    """An executor of `processes` workers, each of which runs ``start(*arguments)`` first.

    They are started with Ctrl-C's signal blocked, and inherit that: an interrupt reaches the parent alone, which
    cancels what has not begun and ends the workers at once, whatever they have in hand.

    Raises:
        SimError: a worker died.
    """
    executor = ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=start, initargs=arguments)
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            # a process is started for a task that finds none idle: as many tasks at once start all of them here
            for _ in range(processes):
                executor.submit(_nothing)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        yield executor
    except BrokenProcessPool:
        hint = "it may have run out of memory; simulate fewer customers, or use fewer --jobs"
        raise SimError("a worker process died", hint) from None
    except BaseException:
        for process in active_children():
            process.terminate()
        raise
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _nothing() -> None:
    return None
