"""The DataLoader: batches of a dataset, made in this process or by workers."""

from __future__ import annotations

import itertools
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from rushlight.random import Generator
from rushlight.utils.data._utils.collate import default_collate, default_convert
from rushlight.utils.data._utils.fetch import make_fetcher
from rushlight.utils.data._utils.worker import Exhausted, Job, Resume, get_worker_info
from rushlight.utils.data.dataset import Dataset, IterableDataset
from rushlight.utils.data.sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    draw_seed,
)

__all__ = ["DataLoader", "default_collate", "default_convert", "get_worker_info"]

T_co = TypeVar("T_co", covariant=True)

_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")


class _DatasetKind:
    """The two kinds of datasets."""

    Map = 0
    Iterable = 1


class _InfiniteConstantSampler(Sampler[None]):
    """Yields None for ever: the sampler of an IterableDataset, which needs no indices."""

    def __iter__(self) -> Iterator[None]:
        return itertools.repeat(None)


class DataLoader(Generic[T_co]):
    """Iterates over a dataset in batches.

    `sampler` gives the order of indices (`shuffle` stands for a RandomSampler), `batch_sampler`
    gives lists of them, `batch_size=None` turns batching off. `collate_fn` makes a batch of a
    list of samples. With `num_workers` the batches are made by that many processes, each
    `prefetch_factor` batches ahead, started by `multiprocessing_context` ("fork", "spawn" or
    "forkserver"), told apart by `worker_init_fn(worker_id)`, and kept between epochs with
    `persistent_workers`; `timeout` limits the wait for a batch; `in_order=False` yields batches
    as they come. `pin_memory` has no effect.

    An exception in a worker is raised again here, of its type, with the worker's traceback in the
    message. Seeds are drawn from `generator`, or the default one, as PyTorch draws them, so the
    order of a shuffled epoch is PyTorch's for the same seed.

    Raises ValueError or TypeError for arguments that contradict each other.
    """

    dataset: Dataset[T_co]
    batch_size: int | None
    num_workers: int
    pin_memory: bool
    drop_last: bool
    timeout: float
    sampler: Sampler[Any] | Iterable[Any]
    pin_memory_device: str
    prefetch_factor: int | None

    _initialized = False
    _multiprocessing_context: Any = None
    _iterator: _BaseDataLoaderIter | None

    def __init__(
        self,
        dataset: Dataset[T_co],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Sampler[Any] | Iterable[Any] | None = None,
        batch_sampler: Sampler[list[Any]] | Iterable[list[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], Any] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        _check_worker_options(num_workers, timeout, prefetch_factor, persistent_workers)
        self.dataset = dataset
        self.num_workers = num_workers
        self.prefetch_factor = 2 if num_workers > 0 and prefetch_factor is None else prefetch_factor
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.in_order = in_order

        iterable = isinstance(dataset, IterableDataset)
        self._dataset_kind = _DatasetKind.Iterable if iterable else _DatasetKind.Map
        if iterable:
            _check_iterable_options(shuffle, sampler, batch_sampler)
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "batch_sampler option is mutually exclusive with batch_size, shuffle, "
                    "sampler, and drop_last"
                )
            batch_size = None
        elif batch_size is None and drop_last:
            raise ValueError(
                "batch_size=None option disables auto-batching and is mutually exclusive with "
                "drop_last"
            )
        if sampler is None:
            sampler = _default_sampler(dataset, iterable, bool(shuffle), generator)
        if batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)

        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.generator = generator
        if collate_fn is None:
            collate_fn = default_collate if self._auto_collation else default_convert
        self.collate_fn = collate_fn
        self.persistent_workers = persistent_workers
        self._IterableDataset_len_called: int | None = None
        self._iterator = None
        self._initialized = True
        self.check_worker_number_rationality()

    def __setattr__(self, name: str, value: Any) -> None:
        if self._initialized and name in _FIXED:
            raise ValueError(
                f"{name} attribute should not be set after {type(self).__name__} is initialized"
            )
        super().__setattr__(name, value)

    @property
    def multiprocessing_context(self) -> Any:
        """How workers are started: a context of `multiprocessing`, or None for the default."""
        return self._multiprocessing_context

    @multiprocessing_context.setter
    def multiprocessing_context(self, context: Any) -> None:
        if context is not None:
            context = _checked_context(context, self.num_workers)
        self._multiprocessing_context = context

    def __iter__(self) -> _BaseDataLoaderIter:
        if not (self.persistent_workers and self.num_workers > 0):
            return self._get_iterator()
        if self._iterator is None:
            self._iterator = self._get_iterator()
        else:
            self._iterator._reset(self)
        return self._iterator

    def _get_iterator(self) -> _BaseDataLoaderIter:
        if self.num_workers == 0:
            return _SingleProcessDataLoaderIter(self)
        self.check_worker_number_rationality()
        return _MultiProcessingDataLoaderIter(self)

    @property
    def _auto_collation(self) -> bool:
        return self.batch_sampler is not None

    @property
    def _index_sampler(self) -> Any:
        return self.batch_sampler if self._auto_collation else self.sampler

    def __len__(self) -> int:
        if self._dataset_kind == _DatasetKind.Map:
            return len(self._index_sampler)
        length = self._IterableDataset_len_called = len(self.dataset)  # type: ignore[arg-type]
        if self.batch_size is None:
            return length
        full, rest = divmod(length, self.batch_size)
        return full + (rest > 0 and not self.drop_last)

    def check_worker_number_rationality(self) -> None:
        """Warn about more workers than the machine has cores for this process."""
        affinity = hasattr(os, "sched_getaffinity")
        cores = len(os.sched_getaffinity(0)) if affinity else os.cpu_count()
        if not self.num_workers or (cores is not None and self.num_workers <= cores):
            return
        if cores is None:
            advice = (
                "DataLoader is not able to compute a suggested max number of worker in current "
                "system."
            )
        else:
            note = "" if affinity else " (`cpuset` is not taken into account)"
            advice = (
                f"Our suggested max number of worker in current system is {cores}{note}, which is "
                "smaller than what this DataLoader is going to create."
            )
        warnings.warn(
            f"This DataLoader will create {self.num_workers} worker processes in total. {advice} "
            "Please be aware that excessive worker creation might get DataLoader running slow or "
            "even freeze, lower the worker number to avoid potential slowness/freeze if "
            "necessary.",
            stacklevel=3,
        )


class _BaseDataLoaderIter:
    """One pass over a DataLoader."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        self._dataset = loader.dataset
        self._iterable = loader._dataset_kind == _DatasetKind.Iterable
        self._auto_collation = loader._auto_collation
        self._drop_last = loader.drop_last
        self._index_sampler = loader._index_sampler
        self._num_workers = loader.num_workers
        self._timeout = loader.timeout
        self._collate_fn = loader.collate_fn
        self._begin(loader)
        # Drawn in every epoch, needed or not: PyTorch's default generator moves on by it.
        self._base_seed = draw_seed(loader.generator)
        if loader.pin_memory:
            _warn_about_pinning(loader.pin_memory_device)

    def _begin(self, loader: DataLoader[Any]) -> None:
        self._sampler_iter = iter(self._index_sampler)
        self._num_yielded = 0
        self._announced = loader._IterableDataset_len_called

    def _reset(self, loader: DataLoader[Any]) -> None:
        """Begin another epoch."""
        self._begin(loader)

    def _next_data(self) -> Any:
        raise NotImplementedError

    def __iter__(self) -> _BaseDataLoaderIter:
        return self

    def __next__(self) -> Any:
        data = self._next_data()
        self._num_yielded += 1
        if self._iterable and self._announced is not None and self._num_yielded > self._announced:
            self._warn_about_length()
        _flush()
        return data

    def _warn_about_length(self) -> None:
        message = (
            f"Length of IterableDataset {self._dataset} was reported to be {self._announced}"
            f"(when accessing len(dataloader)), but {self._num_yielded} samples have been fetched. "
        )
        if self._num_workers > 0:
            message += (
                "For multiprocessing data-loading, this could be caused by not properly "
                "configuring the IterableDataset replica at each worker. Please see "
                "https://pytorch.org/docs/stable/data.html#torch.utils.data.IterableDataset for "
                "examples."
            )
        warnings.warn(message, stacklevel=3)

    def __len__(self) -> int:
        return len(self._index_sampler)

    def __getstate__(self) -> Any:
        raise NotImplementedError("{} cannot be pickled", type(self).__name__)


class _SingleProcessDataLoaderIter(_BaseDataLoaderIter):
    """Makes each batch when it is asked for."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        super().__init__(loader)
        if self._timeout != 0:
            raise AssertionError("_SingleProcessDataLoaderIter requires timeout == 0")
        self._fetcher = make_fetcher(
            self._iterable, self._dataset, self._auto_collation, self._collate_fn, self._drop_last
        )

    def _next_data(self) -> Any:
        return self._fetcher.fetch(next(self._sampler_iter))


class _MultiProcessingDataLoaderIter(_BaseDataLoaderIter):
    """Lets workers make the batches, and yields them in the order of their requests.

    Requests are numbered and go to the workers in turn. `_asked` maps the number of a request
    without an answer to its worker, `_arrived` holds answers that came before their turn.
    """

    def __init__(self, loader: DataLoader[Any]) -> None:
        super().__init__(loader)
        self._in_order = loader.in_order
        self._persistent = loader.persistent_workers
        self._ahead = loader.prefetch_factor or 0
        if self._ahead <= 0:
            raise AssertionError(
                "prefetch_factor must be greater than 0 for MultiProcessingDataLoaderIter"
            )
        self._pool = self._start_workers(loader)
        self._start_epoch()

    def _start_workers(self, loader: DataLoader[Any]) -> Any:
        import multiprocessing

        from rushlight.utils.data._utils.pool import WorkerPool

        _flush()  # or each forked worker would run this work again
        jobs = [
            Job(
                self._iterable,
                self._dataset,
                self._auto_collation,
                self._collate_fn,
                self._drop_last,
                self._base_seed,
                loader.worker_init_fn,
                worker,
                self._num_workers,
            )
            for worker in range(self._num_workers)
        ]
        return WorkerPool(loader.multiprocessing_context or multiprocessing.get_context(), jobs)

    def _reset(self, loader: DataLoader[Any]) -> None:
        super()._reset(loader)
        if self._pool.processes:
            self._resume_workers()
        else:  # one of them had died
            self._pool = self._start_workers(loader)
        self._start_epoch()

    def _resume_workers(self) -> None:
        for worker in range(self._num_workers):
            self._pool.request(worker, Resume())
        resumed = 0
        while resumed < self._num_workers:
            # Answers of the last epoch, if it was left early, are dropped here.
            resumed += isinstance(self._receive()[2], Resume)

    def _start_epoch(self) -> None:
        self._sent = 0
        self._next = 0
        self._asked: dict[int, int] = {}
        self._arrived: dict[int, Any] = {}
        self._active = [True] * self._num_workers
        self._turn = 0
        for _ in range(self._ahead * self._num_workers):
            self._request_one()

    def _request_one(self) -> None:
        """Send the next index to the next worker, if there are both."""
        if not any(self._active):
            return
        try:
            index = next(self._sampler_iter)
        except StopIteration:
            return
        worker = self._next_worker()
        self._pool.request(worker, (self._sent, index))
        self._asked[self._sent] = worker
        self._sent += 1

    def _next_worker(self) -> int:
        """The next active worker in turn; out of order, the next of those with least to do."""
        turns = [(self._turn + i) % self._num_workers for i in range(self._num_workers)]
        candidates = [worker for worker in turns if self._active[worker]]
        if not self._in_order:
            load = list(self._asked.values())
            candidates.sort(key=load.count)
        self._turn = candidates[0] + 1
        return candidates[0]

    def _next_data(self) -> Any:
        while True:
            if self._in_order and (number := self._due()) in self._arrived:
                return self._hand_out(self._arrived.pop(number))
            if not self._asked:
                if not self._persistent:
                    self._pool.shutdown()
                raise StopIteration
            worker, number, data = self._receive()
            if isinstance(data, Exhausted):
                self._retire(worker)
                continue
            del self._asked[number]
            if not self._in_order:
                return self._hand_out(data)
            self._arrived[number] = data

    def _due(self) -> int:
        """The number of the batch to yield next, past those that exhausted workers left out."""
        while (
            self._next < self._sent
            and self._next not in self._asked
            and self._next not in self._arrived
        ):
            self._next += 1
        return self._next

    def _hand_out(self, data: Any) -> Any:
        from rushlight.utils.data._utils.transfer import ExceptionWrapper

        self._request_one()
        if isinstance(data, ExceptionWrapper):
            raise data.exception()
        return data

    def _retire(self, worker: int) -> None:
        """Expect no more from a worker whose iterable dataset has ended."""
        self._active[worker] = False
        self._asked = {number: w for number, w in self._asked.items() if w != worker}
        self._request_one()

    def _receive(self) -> tuple[int, int, Any]:
        try:
            answer: tuple[int, int, Any] | None = self._pool.receive(self._timeout or None)
        except RuntimeError:
            self._asked.clear()
            self._pool.shutdown()
            raise
        if answer is None:
            raise RuntimeError(f"DataLoader timed out after {self._timeout} seconds")
        return answer

    def __del__(self) -> None:
        pool = getattr(self, "_pool", None)
        if pool is not None:
            pool.shutdown()


# --------------------------------------------------------------------------------------- details


def _check_worker_options(
    num_workers: int, timeout: float, prefetch_factor: int | None, persistent_workers: bool
) -> None:
    if num_workers < 0:
        raise ValueError(
            "num_workers option should be non-negative; use num_workers=0 to disable "
            "multiprocessing."
        )
    if timeout < 0:
        raise ValueError("timeout option should be non-negative")
    if num_workers == 0 and prefetch_factor is not None:
        raise ValueError(
            "prefetch_factor option could only be specified in multiprocessing.let num_workers > "
            "0 to enable multiprocessing, otherwise set prefetch_factor to None."
        )
    if prefetch_factor is not None and prefetch_factor < 0:
        raise ValueError("prefetch_factor option should be non-negative")
    if persistent_workers and num_workers == 0:
        raise ValueError("persistent_workers option needs num_workers > 0")


def _check_iterable_options(shuffle: Any, sampler: Any, batch_sampler: Any) -> None:
    options = {
        "shuffle": shuffle if shuffle not in (False, None) else None,
        "sampler": sampler,
        "batch_sampler": batch_sampler,
    }
    for name, value in options.items():
        if value is not None:
            raise ValueError(
                f"DataLoader with IterableDataset: expected unspecified {name} option, but got "
                f"{name}={value}"
            )


def _default_sampler(
    dataset: Any, iterable: bool, shuffle: bool, generator: Generator | None
) -> Sampler[Any]:
    if iterable:
        return _InfiniteConstantSampler()
    if shuffle:
        return RandomSampler(dataset, generator=generator)
    return SequentialSampler(dataset)


def _checked_context(context: Any, num_workers: int) -> Any:
    import multiprocessing
    import multiprocessing.context

    if num_workers == 0:
        raise ValueError(
            "multiprocessing_context can only be used with multi-process loading (num_workers > "
            f"0), but got num_workers={num_workers}"
        )
    if isinstance(context, str):
        valid = multiprocessing.get_all_start_methods()
        if context not in valid:
            raise ValueError(
                "multiprocessing_context option should specify a valid start method in "
                f"{valid!r}, but got multiprocessing_context={context!r}"
            )
        context = multiprocessing.get_context(context)
    if not isinstance(context, multiprocessing.context.BaseContext):
        raise TypeError(
            "multiprocessing_context option should be a valid context object or a string "
            f"specifying the start method, but got multiprocessing_context={context}"
        )
    return context


def _warn_about_pinning(device: str) -> None:
    if device:
        warnings.warn(
            "pin_memory_device is deprecated, the current accelerator will be used as the device,"
            f"ignore pin_memory_device='{device}'.",
            stacklevel=6,
        )
    warnings.warn(
        "'pin_memory' argument is set as true but no accelerator is found, then device pinned "
        "memory won't be used.",
        stacklevel=6,
    )


def _flush() -> None:
    from rushlight.graph.tape import flush

    flush()
