"""What runs in the worker processes of a DataLoader."""

from __future__ import annotations

import os
import queue
import random
import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from rushlight.utils.data._utils.transfer import Packed

__all__ = ["Job", "WorkerInfo", "get_worker_info", "run"]

_POLL_SECONDS = 5.0
"""How often an idle worker looks whether its parent still lives."""


class WorkerInfo(NamedTuple):
    """What `get_worker_info()` returns in a worker process."""

    id: int
    num_workers: int
    seed: int
    dataset: Any
    rng: Any = None
    worker_method: str | None = "multiprocessing"


_worker_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """Return the number, the seed and the dataset of this worker; None in the main process."""
    return _worker_info


class Job(NamedTuple):
    """What a worker has to know."""

    iterable: bool
    dataset: Any
    auto_collation: bool
    collate_fn: Callable[[Any], Any]
    drop_last: bool
    base_seed: int
    init_fn: Callable[[int], Any] | None
    worker_id: int
    num_workers: int


class Exhausted(NamedTuple):
    """The answer of a worker whose iterable dataset has ended."""


class Resume(NamedTuple):
    """The request to begin another epoch, and its acknowledgement."""


def run(job: Job, connection: Connection) -> None:
    """Answer requests until told to stop, or until the parent is gone.

    A request is (number, index), or a Resume; the answer is the number with the batch, an
    ExceptionWrapper or Exhausted. Answers leave through a thread of their own, so that a parent
    that is slow to read does not keep the worker from fetching ahead.
    """
    inbox = _Inbox(connection)
    try:
        _prepare(job)
        outbox: queue.SimpleQueue[tuple[int, Packed]] = queue.SimpleQueue()
        threading.Thread(target=_deliver, args=(connection, outbox), daemon=True).start()
        _serve(job, inbox, outbox)
    except KeyboardInterrupt:
        pass  # the parent, interrupted as well, reports it


def _prepare(job: Job) -> None:
    """Seed the generators and let the dataset know its worker."""
    global _worker_info
    import numpy as np

    import rushlight

    rushlight.set_num_threads(1)
    seed = job.base_seed + job.worker_id
    random.seed(seed)
    rushlight.manual_seed(seed)
    entropy = [job.worker_id, job.base_seed & 0xFFFFFFFF, job.base_seed >> 32, 0]
    np.random.seed(np.random.SeedSequence(entropy).generate_state(4))
    _worker_info = WorkerInfo(job.worker_id, job.num_workers, seed, job.dataset)


def _serve(job: Job, inbox: _Inbox, outbox: queue.SimpleQueue[tuple[int, Packed]]) -> None:
    from rushlight.utils.data._utils.fetch import make_fetcher
    from rushlight.utils.data._utils.transfer import ExceptionWrapper

    where = f"in DataLoader worker process {job.worker_id}"
    fetcher: Any = None
    failure: ExceptionWrapper | None = None
    exhausted = False

    def start() -> None:
        nonlocal fetcher, failure, exhausted
        exhausted = False
        try:
            fetcher = make_fetcher(
                job.iterable, job.dataset, job.auto_collation, job.collate_fn, job.drop_last
            )
        except Exception:  # the dataset is the user's; the parent raises this again
            failure = ExceptionWrapper(where)

    def answer(index: Any) -> Any:
        nonlocal failure, exhausted
        if failure is not None:
            result, failure = failure, None
            return result
        try:
            return fetcher.fetch(index)
        except Exception as error:  # as above
            if isinstance(error, StopIteration) and job.iterable:
                exhausted = True
                return Exhausted()
            return ExceptionWrapper(where)

    try:
        if job.init_fn is not None:
            job.init_fn(job.worker_id)
    except Exception:  # as above
        failure = ExceptionWrapper(where)
    else:
        start()
    while (request := inbox.next()) is not None:
        if isinstance(request, Resume):
            start()
            outbox.put((-1, _packed(request, where)))
        elif not exhausted:
            number, index = request
            outbox.put((number, _packed(answer(index), where)))


class _Inbox:
    """The requests of the parent.

    All that has arrived is looked through before the first of it is handled: being told to stop,
    or to begin another epoch, makes earlier requests void. (A flag shared between the processes
    would need a lock, and a worker killed while holding it would hang the others.)
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._parent = os.getppid()
        self._requests: deque[Any] = deque()

    def next(self) -> Any:
        """The next request, or None when there will be no more."""
        try:
            while not self._requests or self._connection.poll():
                if self._connection.poll(_POLL_SECONDS):
                    request = self._connection.recv()
                    if request is None:
                        return None
                    if isinstance(request, Resume):
                        self._requests.clear()
                    self._requests.append(request)
                elif os.getppid() != self._parent:
                    # The end of the connection does not tell: workers that were forked later
                    # hold copies of its other end.
                    return None
            return self._requests.popleft()
        except (EOFError, OSError):
            return None


def _packed(result: Any, where: str) -> Packed:
    """`result` ready for sending, or else the error that kept it from being pickled."""
    from rushlight.utils.data._utils.transfer import ExceptionWrapper, pack

    try:
        return pack(result)
    except Exception:  # pickling runs code of the user
        error = result if isinstance(result, ExceptionWrapper) else ExceptionWrapper(where)
    try:
        return pack(error)
    except Exception:  # an exception of a type that cannot be pickled
        error.exc_type = RuntimeError
        return pack(error)


def _deliver(connection: Connection, outbox: queue.SimpleQueue[tuple[int, Packed]]) -> None:
    from rushlight.utils.data._utils.transfer import send

    try:
        while True:
            send(connection, *outbox.get())
    except OSError:
        pass  # the parent no longer listens
