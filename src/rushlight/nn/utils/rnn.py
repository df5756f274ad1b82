"""Batches of sequences of different lengths."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any, NamedTuple

from rushlight import ops
from rushlight.dtypes import int64
from rushlight.tensor import Tensor

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpad_sequence",
]


class PackedSequence(NamedTuple):
    """A batch of sequences, longest first, stored step by step without padding.

    Attributes:
        data: the elements of step 0 of all sequences, then those of step 1 of the sequences that
            have one, ...
        batch_sizes: how many sequences have each step.
        sorted_indices: the order in which the sequences were sorted, or None.
        unsorted_indices: the inverse of that order, or None.
    """

    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None = None
    unsorted_indices: Tensor | None = None

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """Convert the data as ``Tensor.to`` does."""
        return self._replace(data=self.data.to(*args, **kwargs))

    def cpu(self) -> PackedSequence:
        """Return the batch, which is on the CPU."""
        return self


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that undoes ``permutation``."""
    if permutation is None:
        return None
    positions = ops.arange(permutation.numel())
    return ops.empty_like(permutation).scatter_(0, permutation, positions)


def pack_padded_sequence(
    input: Tensor, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Pack a padded batch.

    Args:
        input: ``(L, N, *)``, or ``(N, L, *)`` if ``batch_first``.
        lengths: the length of each sequence, a tensor or a list.
        batch_first: the order of the first two dimensions.
        enforce_sorted: require that the longest comes first; else the batch is sorted.

    Raises:
        RuntimeError: for lengths that are unsorted, not positive, or of the wrong number.
    """
    lengths = ops.as_tensor(lengths, dtype=int64)
    order = None
    if not enforce_sorted:
        lengths, order = ops.sort(lengths, descending=True)
        input = input.index_select(0 if batch_first else 1, order)
    x = input.transpose(0, 1) if batch_first else input
    counts = lengths.tolist()
    if x.shape[1] != len(counts):
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(counts)} "
            f"(batch_size={x.shape[1]})"
        )
    if any(later > earlier for earlier, later in pairwise(counts)):
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You "
            "can pass `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to "
            "sidestep "
            "this requirement if you do not need ONNX exportability."
        )
    if counts[-1] <= 0:
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' "
            "that "
            "is <= 0"
        )
    sizes = [sum(count > step for count in counts) for step in range(counts[0])]
    data = ops.cat([x[step, :size] for step, size in enumerate(sizes)])
    batch_sizes = ops.tensor(sizes, dtype=int64)
    return PackedSequence(data, batch_sizes, order, invert_permutation(order))


def pad_packed_sequence(
    sequence: PackedSequence,
    batch_first: bool = False,
    padding_value: float = 0.0,
    total_length: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Unpack a batch.

    Args:
        sequence: the batch.
        batch_first: the order of the first two dimensions of the result.
        padding_value: what stands after the end of a sequence.
        total_length: the length to pad to; default: that of the longest sequence.

    Returns:
        The padded batch and the lengths, in the order from before packing.

    Raises:
        ValueError: if ``total_length`` is too short.
    """
    sizes = sequence.batch_sizes.tolist()
    longest = len(sizes)
    if total_length is not None and total_length < longest:
        raise ValueError(
            "Expected total_length to be at least the length of the longest sequence in input, "
            f"but got total_length={total_length} and max sequence length being {longest}"
        )
    steps, rest = [], sequence.data.shape[1:]
    for chunk, size in zip(sequence.data.split(sizes), sizes, strict=True):
        missing = sizes[0] - size
        if missing:
            filler = ops.full((missing, *rest), padding_value, dtype=chunk.dtype)
            chunk = ops.cat([chunk, filler])
        steps.append(chunk)
    for _ in range((total_length or longest) - longest):
        steps.append(ops.full((sizes[0], *rest), padding_value, dtype=sequence.data.dtype))
    padded = ops.stack(steps)
    counts = [sum(size > row for size in sizes) for row in range(sizes[0])]
    lengths = ops.tensor(counts, dtype=int64)
    if sequence.unsorted_indices is not None:
        padded = padded.index_select(1, sequence.unsorted_indices)
        lengths = lengths[sequence.unsorted_indices]
    return (padded.transpose(0, 1) if batch_first else padded), lengths


def pad_sequence(
    sequences: Tensor | Iterable[Tensor],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Stack sequences of different lengths, padded to the longest.

    Args:
        sequences: each ``(L_i, *)``.
        batch_first: whether the result is ``(N, L, *)`` instead of ``(L, N, *)``.
        padding_value: what fills up.
        padding_side: left or right.

    Raises:
        RuntimeError: if ``sequences`` are not iterable, or the side is another.
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            "pad_sequence: Expected iterable for input sequences, but got arg of type: "
            f"{type(sequences)}"
        )
    if padding_side not in ("left", "right"):
        raise RuntimeError(
            f"Expected padding_side to be one of left or right, but got {padding_side}."
        )
    items = list(sequences)
    longest = max(item.shape[0] for item in items)
    rows = []
    for item in items:
        missing = longest - item.shape[0]
        if missing:
            filler = ops.full((missing, *item.shape[1:]), padding_value, dtype=item.dtype)
            item = ops.cat([filler, item] if padding_side == "left" else [item, filler])
        rows.append(item)
    return ops.stack(rows, 0 if batch_first else 1)


def unpad_sequence(
    padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False
) -> list[Tensor]:
    """The sequences of a padded batch, each cut to its length."""
    if not batch_first:
        padded_sequences = padded_sequences.transpose(0, 1)
    return [row[:n] for row, n in zip(padded_sequences, lengths.tolist(), strict=True)]


def pack_sequence(sequences: list[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences of different lengths; see ``pack_padded_sequence``."""
    lengths = [sequence.shape[0] for sequence in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)
