"""Coins: one throw of each."""

from __future__ import annotations

import math
from typing import Any

from .. import ops
from ..autograd.grad_mode import no_grad
from ..tensor import Size, Tensor
from . import constraints
from .distribution import (
    Distribution,
    ExponentialFamily,
    check_one,
    clamp_probs,
    lazy_property,
    parameters,
)


class OfProbability(Distribution):
    """A distribution whose one parameter is a probability, given as it is or as log odds."""

    def _set(self, probs: Any, logits: Any, validate_args: bool | None) -> None:
        check_one(probs, logits)
        name, value = ("probs", probs) if logits is None else ("logits", logits)
        shape, (found,) = parameters(value)
        self.__dict__[name] = found
        self._name = name
        super().__init__(shape, validate_args=validate_args)

    def _copy_to(self, new: Any) -> None:
        new._name = self._name

    @lazy_property
    def logits(self) -> Tensor:
        """The log odds."""
        probs = clamp_probs(self.probs)
        return ops.log(probs) - ops.log1p(-probs)

    @lazy_property
    def probs(self) -> Tensor:
        """The probability."""
        return ops.sigmoid(self.logits)

    @property
    def param_shape(self) -> Size:
        """The shape of the parameter."""
        return self.__dict__[self._name].size()


class Bernoulli(OfProbability, ExponentialFamily):
    """One with a probability, else zero."""

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.boolean

    def __init__(
        self, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        self._set(probs, logits, validate_args)

    @property
    def mean(self) -> Tensor:
        """The mean."""
        return self.probs

    @property
    def mode(self) -> Tensor:
        """The value of the highest probability or density."""
        mode = (self.probs >= 0.5).to(self.probs)
        return ops.where(self.probs == 0.5, math.nan, mode)

    @property
    def variance(self) -> Tensor:
        """The variance."""
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Samples without gradients."""
        with no_grad():
            return ops.bernoulli(self.probs.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the probability or density at ``value``."""
        if self._validate_args:
            self._validate_sample(value)
        logits, value = ops.broadcast_tensors(self.logits, value)
        return -ops.binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        return ops.binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All values."""
        values = ops.arange(2, dtype=self.__dict__[self._name].dtype)
        values = values.view((-1, *(1 for _ in self.batch_shape)))
        return values.expand((-1, *self.batch_shape)) if expand else values
