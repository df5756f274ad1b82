"""The half-normal distribution."""

from __future__ import annotations

import math
from typing import Any

from .. import ops
from ..tensor import Tensor
from . import constraints
from .distribution import Distribution, parameters
from .normal import Normal, standard_normal


class HalfNormal(Distribution):
    """The absolute value of a normal number of mean 0."""

    arg_constraints = {"scale": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True

    def __init__(self, scale: Any, validate_args: bool | None = None) -> None:
        shape, (self.scale,) = parameters(scale)
        super().__init__(shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """The mean."""
        return self.scale * math.sqrt(2 / math.pi)

    @property
    def mode(self) -> Tensor:
        """The value of the highest probability or density."""
        return ops.zeros_like(self.scale)

    @property
    def variance(self) -> Tensor:
        """The variance."""
        return self.scale.pow(2) * (1 - 2 / math.pi)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples through which gradients reach the parameters."""
        noise = standard_normal(self.scale, self._extended_shape(sample_shape))
        return (noise * self.scale).abs()

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the probability or density at ``value``."""
        if self._validate_args:
            self._validate_sample(value)
        density = Normal(0.0 * self.scale, self.scale, validate_args=False).log_prob(value)
        return ops.where(value >= 0, density + math.log(2), -math.inf)

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of a sample below ``value``."""
        if self._validate_args:
            self._validate_sample(value)
        return ops.erf(value / self.scale / math.sqrt(2))

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse of ``cdf``."""
        return self.scale * ops.erfinv(value) * math.sqrt(2)

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        return 0.5 + 0.5 * math.log(math.pi / 2) + ops.log(self.scale)
