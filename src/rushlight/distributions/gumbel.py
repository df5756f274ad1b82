"""The Gumbel distribution."""

from __future__ import annotations

import math
from typing import Any

from .. import ops
from ..dtypes import finfo
from ..tensor import Tensor
from . import constraints
from .distribution import parameters
from .transformed_distribution import TransformedDistribution
from .transforms import AffineTransform, ExpTransform
from .uniform import Uniform


class Gumbel(TransformedDistribution):
    """The Gumbel distribution: the limit of the maximum of many numbers."""

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        shape, (self.loc, self.scale) = parameters(loc, scale)
        info = finfo(self.loc.dtype)
        low, high = ops.full_like(self.loc, info.tiny), ops.full_like(self.loc, 1 - info.eps)
        base = Uniform(low.expand(shape), high.expand(shape), validate_args=validate_args)
        steps = [
            ExpTransform().inv,
            AffineTransform(0, -ops.ones_like(self.scale)),
            ExpTransform().inv,
            AffineTransform(self.loc, -self.scale),
        ]
        super().__init__(base, steps, validate_args=validate_args)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the probability or density at ``value``."""
        if self._validate_args:
            self._validate_sample(value)
        y = (self.loc - value) / self.scale
        return (y - y.exp()) - self.scale.log()

    @property
    def mean(self) -> Tensor:
        """The mean."""
        return self.loc + self.scale * 0.57721566490153286060  # Euler's constant

    @property
    def mode(self) -> Tensor:
        """The value of the highest probability or density."""
        return self.loc

    @property
    def stddev(self) -> Tensor:
        """The standard deviation."""
        return (math.pi / math.sqrt(6)) * self.scale

    @property
    def variance(self) -> Tensor:
        """The variance."""
        return self.stddev.pow(2)

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        return self.scale.log() + (1 + 0.57721566490153286060)
