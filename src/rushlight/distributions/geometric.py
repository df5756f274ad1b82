"""Throws of a coin until it succeeds."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..autograd.grad_mode import no_grad
from ..dtypes import finfo
from ..tensor import Tensor
from . import constraints
from .bernoulli import OfProbability


class Geometric(OfProbability):
    """How often a coin of a probability fails before it succeeds."""

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.nonnegative_integer

    def __init__(
        self, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        self._set(probs, logits, validate_args)

    @property
    def mean(self) -> Tensor:
        """The mean."""
        return 1.0 / self.probs - 1.0

    @property
    def mode(self) -> Tensor:
        """The value of the highest probability or density."""
        return ops.zeros_like(self.probs)

    @property
    def variance(self) -> Tensor:
        """The variance."""
        return (1.0 / self.probs - 1.0) / self.probs

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Samples without gradients."""
        shape, dtype = self._extended_shape(sample_shape), self.probs.dtype
        with no_grad():
            unit = ops.empty(shape, dtype=dtype).uniform_(finfo(dtype).tiny, 1.0)
            return (unit.log() / (-self.probs).log1p()).floor()

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the probability or density at ``value``."""
        if self._validate_args:
            self._validate_sample(value)
        value, probs = ops.broadcast_tensors(value, self.probs)
        probs = probs.masked_fill((probs == 1) & (value == 0), 0.0)
        return value * (-probs).log1p() + self.probs.log()

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        return (
            ops.binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")
            / self.probs
        )
