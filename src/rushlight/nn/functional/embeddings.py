"""Looking up rows of a table."""

from __future__ import annotations

import math

from rushlight import ops
from rushlight.autograd import no_grad
from rushlight.dtypes import bool_, int64
from rushlight.tensor import Tensor


def _renormalise_rows(weight: Tensor, index: Tensor, max_norm: float, norm_type: float) -> None:
    """Scale the rows of ``weight`` that are looked up down to ``max_norm``, in place."""
    with no_grad():
        rows = index.reshape(-1).unique()
        picked = weight[rows]
        norms = picked.norm(norm_type, dim=1, keepdim=True)
        scale = ops.where(norms > max_norm, max_norm / (norms + 1e-7), ops.ones_like(norms))
        weight[rows] = picked * scale


def check_padding_idx(padding_idx: int, rows: int) -> int:
    """The row number that ``padding_idx`` means."""
    if not -rows <= padding_idx < rows:
        raise AssertionError("Padding_idx must be within num_embeddings")
    return padding_idx % rows


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of ``weight`` that ``input`` names.

    Args:
        input: row numbers, of any shape.
        weight: ``(num_embeddings, embedding_dim)``.
        padding_idx: a row that gets no gradient.
        max_norm: rows looked up are first scaled down to this norm, in place.
        norm_type: the ``p`` of that norm.
        scale_grad_by_freq: divide a row's gradient by how often it was looked up.
        sparse: accepted; gradients are dense.

    Raises:
        AssertionError: if ``padding_idx`` is no row.
        IndexError: if ``input`` names a row that is not there.
    """
    padding_idx = -1 if padding_idx is None else check_padding_idx(padding_idx, weight.size(0))
    if max_norm is not None:
        _renormalise_rows(weight, input, max_norm, norm_type)
    return ops.embedding(weight, input, padding_idx, scale_grad_by_freq, sparse)


def _bags(input: Tensor, offsets: Tensor, include_last_offset: bool) -> tuple[Tensor, Tensor]:
    """Positions in ``input`` of each bag's elements, padded to one length, and which are real."""
    starts = offsets.tolist()
    ends = starts[1:] if include_last_offset else [*starts[1:], input.numel()]
    lengths = [end - start for start, end in zip(starts, ends, strict=False)]
    longest = max(lengths, default=0)
    steps = ops.arange(longest).unsqueeze(0)
    real = steps < ops.tensor(lengths, dtype=int64).unsqueeze(1)
    positions = ops.tensor(starts[: len(lengths)], dtype=int64).unsqueeze(1) + steps
    return ops.where(real, positions, ops.zeros_like(positions)), real


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """Sums, means or maxima of bags of embeddings.

    Args:
        input: ``(B, L)``: bags of one length; or 1-D with ``offsets``, where each bag starts.
        weight: ``(num_embeddings, embedding_dim)``.
        offsets: starts of the bags of a 1-D ``input``.
        max_norm: see ``embedding``.
        norm_type: see ``embedding``.
        scale_grad_by_freq: see ``embedding``.
        mode: ``"sum"``, ``"mean"`` or ``"max"``.
        sparse: accepted; gradients are dense.
        per_sample_weights: factors for the elements, in mode "sum".
        include_last_offset: the last offset is the end of the last bag.
        padding_idx: a row that counts as absent.

    Returns:
        ``(B, embedding_dim)``; an empty bag gives zeros.

    Raises:
        ValueError: if the arguments do not fit each other.
    """
    if mode not in ("sum", "mean", "max"):
        raise ValueError("mode has to be one of sum, mean or max")
    if per_sample_weights is not None and per_sample_weights.size() != input.size():
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({per_sample_weights.shape}) is not None, then "
            f"it "
            f"must have the same shape as the input ({input.shape})"
        )
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported "
            "for "
            f"mode='sum' (got mode='{mode}'). Please open a feature request on GitHub."
        )
    if input.dim() == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch "
                "of "
                f"fixed length sequences. However, found offsets of type {type(offsets)}"
            )
        index, real = input, ops.ones_like(input, dtype=bool_)
    elif input.dim() == 1:
        if offsets is None:
            raise ValueError("offsets has to be a 1D Tensor but got None")
        if offsets.dim() != 1:
            raise ValueError("offsets has to be a 1D Tensor")
        positions, real = _bags(input, offsets, include_last_offset)
        index = input[positions]
        if per_sample_weights is not None:
            per_sample_weights = per_sample_weights[positions]
    else:
        raise ValueError(
            f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.dim()}"
        )
    if padding_idx is not None:
        padding_idx = check_padding_idx(padding_idx, weight.size(0))
        real = real & (index != padding_idx)
    rows = embedding(index, weight, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse)
    absent = real.logical_not().unsqueeze(-1)
    if mode == "max":
        empty = absent.all(1)
        if rows.shape[1] == 0:
            return ops.zeros([rows.shape[0], rows.shape[2]], dtype=rows.dtype)
        return rows.masked_fill(absent, -math.inf).max(1)[0].masked_fill(empty, 0.0)
    if per_sample_weights is not None:
        rows = rows * per_sample_weights.unsqueeze(-1)
    total = rows.masked_fill(absent, 0.0).sum(1)
    if mode == "sum":
        return total
    return total / real.sum(1, keepdim=True).clamp_min(1).to(total.dtype)
