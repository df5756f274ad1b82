"""A choice among several."""

from __future__ import annotations

import math
from typing import Any

from .. import ops
from ..autograd.grad_mode import no_grad
from ..dtypes import finfo
from ..tensor import Size, Tensor
from . import constraints
from .distribution import Distribution, check_one, clamp_probs, lazy_property


class Categorical(Distribution):
    """One of ``n`` choices, with probabilities (normalised here) or unnormalised logarithms."""

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}

    def __init__(
        self, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        check_one(probs, logits)
        given = probs if logits is None else logits
        if given.dim() < 1:
            name = "probs" if logits is None else "logits"
            raise ValueError(f"`{name}` parameter must be at least one-dimensional.")
        if logits is None:
            self.__dict__["probs"] = probs / probs.sum(-1, keepdim=True)
        else:
            self.__dict__["logits"] = logits - logits.logsumexp(dim=-1, keepdim=True)
        self._num_events = int(given.size()[-1])
        super().__init__(given.size()[:-1], validate_args=validate_args)

    def _copy_to(self, new: Any) -> None:
        new._num_events = self._num_events

    @property
    def _param(self) -> Tensor:
        return self.__dict__["probs" if "probs" in self.__dict__ else "logits"]

    @property
    def support(self) -> Any:
        """The constraint that samples satisfy."""
        return constraints.integer_interval(0, self._num_events - 1)

    @lazy_property
    def logits(self) -> Tensor:
        """Logarithms of the probabilities."""
        return ops.log(clamp_probs(self.probs))

    @lazy_property
    def probs(self) -> Tensor:
        """The probabilities."""
        return ops.softmax(self.logits, dim=-1)

    @property
    def param_shape(self) -> Size:
        """The shape of the parameter."""
        return self._param.size()

    @property
    def mean(self) -> Tensor:
        """The mean."""
        return ops.full(self.batch_shape, math.nan, dtype=self.probs.dtype)

    @property
    def mode(self) -> Tensor:
        """The value of the highest probability or density."""
        return self.probs.argmax(dim=-1)

    @property
    def variance(self) -> Tensor:
        """The variance."""
        return ops.full(self.batch_shape, math.nan, dtype=self.probs.dtype)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Samples without gradients."""
        shape = Size(sample_shape)
        with no_grad():
            rows = self.probs.reshape(-1, self._num_events)
            samples = ops.multinomial(rows, shape.numel(), True).T
            return samples.reshape(self._extended_shape(shape))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the probability or density at ``value``."""
        if self._validate_args:
            self._validate_sample(value)
        index = value.long().unsqueeze(-1)
        index, logits = ops.broadcast_tensors(index, self.logits)
        return logits.gather(-1, index[..., :1]).squeeze(-1)

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        lowest = finfo(self.logits.dtype).min
        return -(ops.clamp(self.logits, min=lowest) * self.probs).sum(-1)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All values."""
        values = ops.arange(self._num_events).view((-1, *(1 for _ in self.batch_shape)))
        return values.expand((-1, *self.batch_shape)) if expand else values
