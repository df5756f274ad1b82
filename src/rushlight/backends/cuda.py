"""``torch.backends.cuda``: there is no CUDA here."""

from __future__ import annotations


class _Matmul:
    """Stored switches of CUDA's matrix products."""

    allow_tf32 = False
    allow_fp16_reduced_precision_reduction = True
    allow_bf16_reduced_precision_reduction = True


matmul = _Matmul()


def is_built() -> bool:
    """Always False."""
    return False
