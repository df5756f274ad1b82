"""The worker processes of one DataLoader iterator, seen from the main process."""

from __future__ import annotations

import contextlib
import os
import warnings
from multiprocessing.connection import wait
from typing import Any

from rushlight.utils.data._utils.transfer import receive
from rushlight.utils.data._utils.worker import Job, run

__all__ = ["WorkerPool"]

_JOIN_SECONDS = 5.0


class WorkerPool:
    """Starts worker processes, talks to each over a pipe of its own, and stops them."""

    def __init__(self, context: Any, jobs: list[Job]) -> None:
        self._owner = os.getpid()
        self.processes: list[Any] = []
        self._connections: list[Any] = []
        try:
            for job in jobs:
                self._start(context, job)
        except BaseException:
            self.shutdown()
            raise

    def _start(self, context: Any, job: Job) -> None:
        from pickle import PicklingError

        ours, theirs = context.Pipe()
        process = context.Process(target=run, args=(job, theirs), daemon=True)
        try:
            process.start()
        except (TypeError, AttributeError, PicklingError):
            warnings.warn(
                "Got pickle error when attempting to start a worker Process. This might be "
                "because the worker Process arguments are not picklable. Python 3.14+ changed "
                "the multiprocessing start method in non-Mac POSIX platforms to 'forkserver', "
                "which requires the worker Process arguments to be picklable. You can also try "
                "multiprocessing.set_start_method('fork').",
                stacklevel=6,
            )
            raise
        theirs.close()  # so that the end of the worker is the end of its answers
        self.processes.append(process)
        self._connections.append(ours)

    def request(self, worker: int, request: Any) -> None:
        """Send one request. That a worker is gone shows when its answer is waited for."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._connections[worker].send(request)

    def receive(self, timeout: float | None) -> tuple[int, int, Any] | None:
        """Wait for one answer: the worker, the number of the request and the answer.

        Returns None after `timeout` seconds. Raises RuntimeError when a worker has died.
        """
        workers: dict[Any, int] = {
            connection: index for index, connection in enumerate(self._connections)
        }
        sentinels = {process.sentinel: index for index, process in enumerate(self.processes)}
        ready: list[Any] = wait([*workers, *sentinels], timeout)
        if not ready:
            return None
        # An answer that is there comes before the news that its worker has ended.
        for connection in ready:
            if connection in workers:
                try:
                    return workers[connection], *receive(connection)
                except (EOFError, OSError) as error:
                    raise RuntimeError(self._obituary(workers[connection])) from error
        raise RuntimeError(self._obituary(sentinels[ready[0]]))

    def _obituary(self, worker: int) -> str:
        process = self.processes[worker]
        process.join(_JOIN_SECONDS)
        text = f"DataLoader worker (pid(s) {process.pid}) exited unexpectedly"
        code = process.exitcode
        if code is None:
            return text
        if code >= 0:
            return f"{text} with exit code {code}. Rerunning with num_workers=0 may show why."
        import signal

        reason = f"{text}: it was killed by signal {signal.Signals(-code).name}."
        if -code == getattr(signal, "SIGKILL", None):
            reason += " The system may have run out of memory."
        return reason

    def shutdown(self) -> None:
        """Stop the workers; a second call, or one from a forked child, does nothing."""
        if os.getpid() != self._owner:
            return
        for worker in range(len(self._connections)):
            self.request(worker, None)
            self._connections[worker].close()
        for process in self.processes:
            process.join(_JOIN_SECONDS)
            if process.is_alive():
                process.terminate()
                process.join(_JOIN_SECONDS)
        self._connections.clear()
        self.processes.clear()
