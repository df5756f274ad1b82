"""Fetching what a sampler asks for, as one batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rushlight.utils.data._utils.collate import default_collate
from rushlight.utils.data.dataset import batch_getter

__all__ = ["IterableFetcher", "MapFetcher", "make_fetcher"]


class MapFetcher:
    """Fetches the samples of a map-style dataset at given indices.

    With the default collate function, a dataset that can give whole batches is asked for them.
    """

    def __init__(
        self, dataset: Any, auto_collation: bool, collate_fn: Callable[[Any], Any], drop_last: bool
    ) -> None:
        self.dataset = dataset
        self.auto_collation = auto_collation
        self.collate_fn = collate_fn
        whole_batches = auto_collation and collate_fn is default_collate
        self.get_batch = batch_getter(dataset) if whole_batches else None

    def fetch(self, index: Any) -> Any:
        """Return the batch at a list of indices, or the sample at one when not collating."""
        if self.get_batch is not None:
            batch = self.get_batch(index)
            if batch is not NotImplemented:
                return batch
        if not self.auto_collation:
            return self.collate_fn(self.dataset[index])
        get_items = getattr(self.dataset, "__getitems__", None)
        if get_items:
            return self.collate_fn(get_items(index))
        return self.collate_fn([self.dataset[i] for i in index])


class IterableFetcher:
    """Fetches the next samples of an iterable-style dataset."""

    def __init__(
        self, dataset: Any, auto_collation: bool, collate_fn: Callable[[Any], Any], drop_last: bool
    ) -> None:
        self.samples = iter(dataset)
        self.auto_collation = auto_collation
        self.collate_fn = collate_fn
        self.drop_last = drop_last
        self.ended = False

    def fetch(self, index: Any) -> Any:
        """Return as many samples as `index` is long, or one when not collating.

        Raises StopIteration when there are none left, or too few with `drop_last`.
        """
        if self.ended:
            raise StopIteration
        if not self.auto_collation:
            return self.collate_fn(next(self.samples))
        batch = []
        for _ in index:
            try:
                batch.append(next(self.samples))
            except StopIteration:
                self.ended = True
                break
        if not batch or (self.drop_last and len(batch) < len(index)):
            raise StopIteration
        return self.collate_fn(batch)


def make_fetcher(
    iterable: bool,
    dataset: Any,
    auto_collation: bool,
    collate_fn: Callable[[Any], Any],
    drop_last: bool,
) -> MapFetcher | IterableFetcher:
    """The fetcher for a dataset of one kind or the other."""
    kind = IterableFetcher if iterable else MapFetcher
    return kind(dataset, auto_collation, collate_fn, drop_last)
