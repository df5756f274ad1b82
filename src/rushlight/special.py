"""``torch.special``: mathematical functions under SciPy's names."""

from __future__ import annotations

from . import ops
from .dtypes import dtype
from .ops.special import (
    entr,
    i0e,
    i1,
    i1e,
    log_ndtr,
    ndtr,
    ndtri,
    xlog1py,
    zeta,
)
from .tensor import Tensor

digamma = psi = ops.digamma
erf = ops.erf
erfc = ops.erfc
erfinv = ops.erfinv
exp2 = ops.exp2
expit = ops.sigmoid
expm1 = ops.expm1
gammaln = ops.lgamma
i0 = ops.i0
log1p = ops.log1p
logit = ops.logit
logsumexp = ops.logsumexp
multigammaln = ops.mvlgamma
polygamma = ops.polygamma
round = ops.round
sinc = ops.sinc
xlogy = ops.xlogy


def softmax(input: Tensor, dim: int, dtype: dtype | None = None) -> Tensor:
    """``exp(input) / sum(exp(input))`` along ``dim``."""
    return ops.softmax(input, dim, dtype)


def log_softmax(input: Tensor, dim: int, *, dtype: dtype | None = None) -> Tensor:
    """``log(softmax(input))`` along ``dim``."""
    return ops.log_softmax(input, dim, dtype)


__all__ = [
    "digamma",
    "entr",
    "erf",
    "erfc",
    "erfinv",
    "exp2",
    "expit",
    "expm1",
    "gammaln",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "log1p",
    "log_ndtr",
    "log_softmax",
    "logit",
    "logsumexp",
    "multigammaln",
    "ndtr",
    "ndtri",
    "polygamma",
    "psi",
    "round",
    "sinc",
    "softmax",
    "xlog1py",
    "xlogy",
    "zeta",
]
