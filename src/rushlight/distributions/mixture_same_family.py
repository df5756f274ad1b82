"""Mixtures of distributions of one family."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..autograd.grad_mode import no_grad
from ..tensor import Tensor
from .categorical import Categorical
from .distribution import Distribution


class MixtureSameFamily(Distribution):
    """A mixture: a Categorical chooses along the last batch dimension of the components."""

    def __init__(
        self,
        mixture_distribution: Any,
        component_distribution: Distribution,
        validate_args: bool | None = None,
    ) -> None:
        if not isinstance(mixture_distribution, Categorical):
            raise ValueError(
                " The Mixture distribution needs to be an  instance of "
                "torch.distributions.Categorical"
            )
        if not isinstance(component_distribution, Distribution):
            raise ValueError(
                "The Component distribution need to be an instance of "
                "torch.distributions.Distribution"
            )
        chosen = mixture_distribution.logits.shape[-1]
        components = component_distribution.batch_shape[-1]
        if chosen != components:
            raise ValueError(
                f"`mixture_distribution component` ({chosen}) does not equal "
                f"`component_distribution.batch_shape[-1]` ({components})"
            )
        self.mixture_distribution = mixture_distribution
        self.component_distribution: Any = component_distribution
        super().__init__(
            component_distribution.batch_shape[:-1],
            component_distribution.event_shape,
            validate_args=validate_args,
        )

    @property
    def support(self) -> Any:
        """The constraint that samples satisfy."""
        return self.component_distribution.support

    def _weights(self) -> Tensor:
        probs: Tensor = self.mixture_distribution.probs
        return probs.reshape((*probs.shape, *(1 for _ in self.event_shape)))

    def _component_dim(self) -> int:
        return -1 - len(self.event_shape)

    @property
    def mean(self) -> Tensor:
        """The mean."""
        return (self._weights() * self.component_distribution.mean).sum(self._component_dim())

    @property
    def variance(self) -> Tensor:
        """The variance."""
        at, parts = self._component_dim(), self.component_distribution
        inside = (self._weights() * parts.variance).sum(at)
        between = (self._weights() * (parts.mean - self.mean.unsqueeze(at)).pow(2)).sum(at)
        return inside + between

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Samples without gradients."""
        with no_grad():
            choice = self.mixture_distribution.sample(sample_shape)
            values = self.component_distribution.sample(sample_shape)
            at = len(sample_shape) + len(self.batch_shape)
            index = choice.reshape((*choice.shape, 1, *(1 for _ in self.event_shape)))
            shape = list(values.shape)
            shape[at] = 1
            return ops.gather(values, at, index.expand(shape)).squeeze(at)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the probability or density at ``value``."""
        if self._validate_args:
            self._validate_sample(value)
        each = self.component_distribution.log_prob(value.unsqueeze(self._component_dim()))
        weights = ops.log_softmax(self.mixture_distribution.logits, dim=-1)
        return ops.logsumexp(each + weights, dim=-1)

    def __repr__(self) -> str:
        return (
            f"MixtureSameFamily(\n  {self.mixture_distribution},\n  {self.component_distribution})"
        )
