"""Python's ``multiprocessing`` under PyTorch's name, with ``spawn``.

Tensors travel between processes by value: there is no shared memory behind them.
"""

from __future__ import annotations

import multiprocessing as _python
from collections.abc import Callable, Iterable
from multiprocessing import *  # noqa: F403 - the names of the standard module are the point
from typing import Any

__all__ = [
    *_python.__all__,
    "ProcessContext",
    "ProcessExitedException",
    "ProcessRaisedException",
    "get_all_sharing_strategies",
    "get_sharing_strategy",
    "set_sharing_strategy",
    "spawn",
    "start_processes",
]

_strategy = "file_descriptor"


def get_all_sharing_strategies() -> set[str]:
    """PyTorch's names on Linux."""
    return {"file_descriptor", "file_system"}


def get_sharing_strategy() -> str:
    """What ``set_sharing_strategy`` stored."""
    return _strategy


def set_sharing_strategy(new_strategy: str) -> None:
    """Stored: tensors are copied whatever the strategy."""
    global _strategy
    if new_strategy not in get_all_sharing_strategies():
        raise ValueError(f"unknown sharing strategy {new_strategy!r}")
    _strategy = new_strategy


class ProcessRaisedException(Exception):
    """A process ended with an exception."""


class ProcessExitedException(Exception):
    """A process ended without an exception but with an exit code other than zero."""

    def __init__(self, message: str, error_index: int, exit_code: int) -> None:
        super().__init__(message)
        self.error_index = error_index
        self.exit_code = exit_code


def _run(fn: Callable[..., Any], i: int, args: tuple[Any, ...], errors: Any) -> None:
    try:
        fn(i, *args)
    except KeyboardInterrupt:
        pass
    except Exception:
        import traceback

        errors.put(traceback.format_exc())
        raise SystemExit(1) from None


class ProcessContext:
    """The processes that ``start_processes`` started."""

    def __init__(self, processes: list[Any], errors: list[Any]) -> None:
        self.processes = processes
        self.error_queues = errors

    def pids(self) -> list[int]:
        """The identifiers of the processes."""
        return [p.pid for p in self.processes]

    def join(self, timeout: float | None = None) -> bool:
        """Wait for all processes; the first that fails ends the others and is raised here."""
        for i, (process, errors) in enumerate(zip(self.processes, self.error_queues, strict=True)):
            process.join(timeout)
            if process.is_alive():
                return False
            if process.exitcode == 0:
                continue
            for other in self.processes:
                if other.is_alive():
                    other.terminate()
                other.join()
            if not errors.empty():
                raise ProcessRaisedException(
                    f"\n\n-- Process {i} terminated with the following error:\n{errors.get()}"
                )
            raise ProcessExitedException(
                f"process {i} terminated with exit code {process.exitcode}", i, process.exitcode
            )
        return True


def start_processes(
    fn: Callable[..., Any],
    args: Iterable[Any] = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:
    """Run ``fn(i, *args)`` in ``nprocs`` processes.

    Raises:
        ProcessRaisedException, ProcessExitedException: one of them failed, if ``join``.
    """
    context: Any = _python.get_context(start_method)
    processes, errors = [], []
    for i in range(nprocs):
        queue = context.SimpleQueue()
        process = context.Process(target=_run, args=(fn, i, tuple(args), queue), daemon=daemon)
        process.start()
        processes.append(process)
        errors.append(queue)
    started = ProcessContext(processes, errors)
    if not join:
        return started
    while not started.join():
        pass
    return None


def spawn(
    fn: Callable[..., Any],
    args: Iterable[Any] = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:
    """``start_processes`` with the start method "spawn"."""
    return start_processes(fn, args, nprocs, join, daemon, start_method)
