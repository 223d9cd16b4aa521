"""Worker processes: spawned, so that nothing is inherited but what is handed over, and deaf to Ctrl-C, which is ours."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any


@contextmanager
def pool(processes: int, start: Callable[..., None] | None = None, *arguments: Any) -> Iterator[Executor]:
    """An executor of `processes` workers, each of which runs ``start(*arguments)`` first.

    They are started with Ctrl-C's signal blocked, and inherit that: an interrupt reaches the parent alone, which
    cancels what has not begun and waits for the tasks in hand.
    """
    executor = ProcessPoolExecutor(
        processes, mp_context=get_context("spawn"), initializer=start, initargs=arguments
    )
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            # the first task starts the processes
            executor.submit(_nothing).result()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        yield executor
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _nothing() -> None:
    return None
