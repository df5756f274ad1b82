"""A sampler for one of several processes that share a dataset."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

from rushlight import ops
from rushlight.random import Generator
from rushlight.utils.data.sampler import Sampler

__all__ = ["DistributedSampler"]


class DistributedSampler(Sampler[int]):
    """Every `num_replicas`-th index, from `rank` on, of an order that all replicas share.

    The order is a permutation drawn with `seed` plus the epoch given to `set_epoch`, or, without
    `shuffle`, that of the dataset. It is repeated from its start to a multiple of
    `num_replicas`, or cut down to one with `drop_last`.

    Raises RuntimeError without `num_replicas` or `rank`, because Rushlight has no process groups
    to ask; ValueError for a `rank` out of range.
    """

    def __init__(
        self,
        dataset: Any,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        if num_replicas is None or rank is None:
            raise RuntimeError("Requires distributed package to be available")
        if rank >= num_replicas or rank < 0:
            raise ValueError(
                f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]"
            )
        self.dataset = dataset
        self.num_replicas = num_replicas
        self.rank = rank
        self.epoch = 0
        self.drop_last = drop_last
        share = len(dataset) / num_replicas
        self.num_samples = math.floor(share) if drop_last else math.ceil(share)
        self.total_size = self.num_samples * num_replicas
        self.shuffle = shuffle
        self.seed = seed

    def __iter__(self) -> Iterator[int]:
        n = len(self.dataset)
        if self.shuffle:
            generator = Generator()
            generator.manual_seed(self.seed + self.epoch)
            order = ops.randperm(n, generator=generator).tolist()
        else:
            order = list(range(n))
        repeated = itertools.islice(itertools.cycle(order), self.total_size)
        return itertools.islice(repeated, self.rank, None, self.num_replicas)

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Choose the permutation of another epoch."""
        self.epoch = epoch
