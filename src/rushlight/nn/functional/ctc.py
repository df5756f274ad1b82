"""Connectionist temporal classification (Graves et al. 2006)."""

from __future__ import annotations

import math
from typing import Any

from rushlight import ops
from rushlight.dtypes import int64
from rushlight.nn.functional._arguments import _check_reduction
from rushlight.tensor import Tensor

_NEVER = -1e30  # log of zero that still has a gradient


def _padded_targets(targets: Tensor, lengths: list[int]) -> Tensor:
    """Targets as ``(N, S)``, whether they come so or one after the other."""
    if targets.dim() == 2:
        return targets.to(int64)
    longest = max(lengths, default=0)
    rows, start = [], 0
    flat = targets.tolist()
    for length in lengths:
        rows.append(flat[start : start + length] + [0] * (longest - length))
        start += length
    return ops.tensor(rows, dtype=int64).view(len(lengths), longest)


def _with_blanks(targets: Tensor, blank: int) -> Tensor:
    """``(N, 2 S + 1)``: a blank before, between and after the labels."""
    batch, size = targets.shape
    blanks = ops.full((batch, size, 1), blank, dtype=int64)
    pairs = ops.cat([blanks, targets.unsqueeze(2)], 2).view(batch, 2 * size)
    return ops.cat([pairs, ops.full((batch, 1), blank, dtype=int64)], 1)


def _shifted(alpha: Tensor, by: int) -> Tensor:
    """The state ``by`` places earlier; what would come from before the first is impossible."""
    missing = ops.full((alpha.shape[0], by), _NEVER, dtype=alpha.dtype)
    return ops.cat([missing, alpha], 1)[:, : alpha.shape[1]]


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """Negative log likelihood of label sequences, summed over all alignments with the input.

    Args:
        log_probs: ``(T, N, C)``, or ``(T, C)`` for one sequence, as ``log_softmax`` gives them.
        targets: ``(N, S)``, or all labels one after the other.
        input_lengths: the length of each input, a tensor or a list.
        target_lengths: the length of each target.
        blank: the label that stands for none.
        reduction: mean (each loss divided by its target's length), sum or none.
        zero_infinity: whether a target that does not fit its input counts as zero instead of
            infinity.

    Raises:
        RuntimeError: if there are not as many lengths as sequences, or one is out of range.
    """
    _check_reduction(reduction)
    if log_probs.dim() == 2:
        if targets.dim() == 1:
            targets = targets.unsqueeze(0)
        one = ctc_loss(
            log_probs.unsqueeze(1),
            targets,
            _as_list(input_lengths),
            _as_list(target_lengths),
            blank,
            "mean" if reduction == "mean" else "none",
            zero_infinity,
        )
        return one if reduction == "mean" else one.squeeze(0)
    steps, batch, _ = log_probs.shape
    inputs, wanted = _as_list(input_lengths), _as_list(target_lengths)
    for name, lengths in (("input_lengths", inputs), ("target_lengths", wanted)):
        if len(lengths) != batch:
            raise RuntimeError(f"{name} must be of size batch_size")
    if max(inputs, default=0) > steps:
        raise RuntimeError(
            f"Expected input_lengths to have value at most {steps}, but got value {max(inputs)}"
        )
    labels = _with_blanks(_padded_targets(targets, wanted), blank)
    alpha = _forward(log_probs, labels, inputs, blank)
    last = 2 * ops.tensor(wanted, dtype=int64).unsqueeze(1)
    at_blank = alpha.gather(1, last).squeeze(1)
    at_label = alpha.gather(1, (last - 1).clamp_min(0)).squeeze(1)
    both = ops.logaddexp(at_blank, at_label)
    loss = -ops.where(last.squeeze(1) == 0, at_blank, both)
    impossible = loss.detach() > -_NEVER / 2
    loss = loss.masked_fill(impossible, 0.0 if zero_infinity else math.inf)
    if reduction == "mean":
        return (loss / ops.tensor(wanted, dtype=loss.dtype).clamp_min(1)).mean()
    return loss.sum() if reduction == "sum" else loss


def _as_list(lengths: Any) -> list[int]:
    values = lengths.tolist() if isinstance(lengths, Tensor) else lengths
    return [int(v) for v in values] if isinstance(values, (list, tuple)) else [int(values)]


def _forward(log_probs: Tensor, labels: Tensor, inputs: list[int], blank: int) -> Tensor:
    """The forward variable after each sequence's last step: ``(N, 2 S + 1)``."""
    steps, _, _ = log_probs.shape
    two_back = ops.cat([ops.full_like(labels[:, :2], blank), labels], 1)[:, : labels.shape[1]]
    may_skip = (labels != blank) & (labels != two_back)
    first = (ops.arange(labels.shape[1]) < 2).unsqueeze(0)
    lengths = ops.tensor(inputs, dtype=int64).unsqueeze(1)
    emitted = log_probs[0].gather(1, labels)
    alpha = emitted.masked_fill(first.logical_not().expand_as(labels), _NEVER)
    for t in range(1, steps):
        skip = _shifted(alpha, 2).masked_fill(may_skip.logical_not(), _NEVER)
        paths = ops.stack([alpha, _shifted(alpha, 1), skip])
        new = paths.logsumexp(0) + log_probs[t].gather(1, labels)
        alpha = ops.where(lengths > t, new, alpha)
    return alpha
