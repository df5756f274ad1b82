"""Transformed samples of a distribution."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..autograd.grad_mode import no_grad
from ..tensor import Tensor
from . import constraints
from .distribution import Distribution, sum_rightmost
from .transforms import ComposeTransform, Transform


class TransformedDistribution(Distribution):
    """What becomes of the samples of a distribution under transforms, applied in order."""

    def __init__(
        self,
        base_distribution: Distribution,
        transforms: Transform | list[Transform],
        validate_args: bool | None = None,
    ) -> None:
        if isinstance(transforms, Transform):
            self.transforms = [transforms]
        elif isinstance(transforms, list) and all(isinstance(t, Transform) for t in transforms):
            self.transforms = transforms
        else:
            raise ValueError(
                f"transforms must be a Transform or list of Transforms but was {transforms}"
            )
        self.base_dist: Any = base_distribution
        super().__init__(
            base_distribution.batch_shape,
            base_distribution.event_shape,
            validate_args=validate_args,
        )

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]
        """Whether samples carry gradients."""
        return self.base_dist.has_rsample

    @property
    def support(self) -> Any:
        """The constraint that samples satisfy."""
        if not self.transforms:
            return self.base_dist.support
        found = ComposeTransform(self.transforms).codomain
        n = len(self.event_shape)
        return constraints.independent(found, n) if n else found

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The same distribution with a larger batch shape."""
        return TransformedDistribution(
            self.base_dist.expand(batch_shape), self.transforms, validate_args=False
        )

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Samples without gradients."""
        with no_grad():
            x = self.base_dist.sample(sample_shape)
            for transform in self.transforms:
                x = transform(x)
            return x

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples through which gradients reach the parameters."""
        x = self.base_dist.rsample(sample_shape)
        for transform in self.transforms:
            x = transform(x)
        return x

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the probability or density at ``value``."""
        if self._validate_args:
            self._validate_sample(value)
        events = len(self.event_shape)
        y, total = value, ops.zeros((), dtype=value.dtype)
        for transform in reversed(self.transforms):
            x = transform._inv_call(y)
            total = total - sum_rightmost(transform.log_abs_det_jacobian(x, y), events)
            y = x
        return total + self.base_dist.log_prob(y)

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of a sample below ``value``."""
        for transform in reversed(self.transforms):
            value = transform._inv_call(value)
        return self.base_dist.cdf(value)

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse of ``cdf``."""
        value = self.base_dist.icdf(value)
        for transform in self.transforms:
            value = transform(value)
        return value
