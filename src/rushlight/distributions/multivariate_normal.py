"""The normal distribution of vectors."""

from __future__ import annotations

import math
from typing import Any

from .. import linalg, ops
from ..tensor import Tensor
from . import constraints
from .distribution import Distribution, lazy_property
from .normal import standard_normal


class MultivariateNormal(Distribution):
    """Normal vectors of mean ``loc`` with a covariance, its inverse, or its Cholesky factor.

    Raises:
        ValueError: unless exactly one of the three matrices is given, or for too few dimensions.
    """

    arg_constraints = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self,
        loc: Tensor,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        given = {
            "covariance_matrix": covariance_matrix,
            "scale_tril": scale_tril,
            "precision_matrix": precision_matrix,
        }
        present = {name: m for name, m in given.items() if m is not None}
        if len(present) != 1:
            raise ValueError(
                "Exactly one of covariance_matrix or precision_matrix or scale_tril may be "
                "specified."
            )
        ((name, matrix),) = present.items()
        if matrix.dim() < 2:
            raise ValueError(
                f"{name} must be at least two-dimensional, with optional leading batch dimensions"
            )
        batch = ops.broadcast_shapes(matrix.shape[:-2], loc.shape[:-1])
        self.__dict__[name] = matrix.expand((*batch, -1, -1))
        self.loc = loc.expand((*batch, -1))
        super().__init__(batch, self.loc.shape[-1:], validate_args=validate_args)
        if scale_tril is not None:
            factor = scale_tril
        elif covariance_matrix is not None:
            factor = linalg.cholesky(covariance_matrix)
        else:
            factor = linalg.cholesky(linalg.inv(matrix))
        self._factor = factor

    def _copy_to(self, new: Any) -> None:
        new._factor = self._factor

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The Cholesky factor of the covariance."""
        n = self.event_shape[0]
        return self._factor.expand((*self.batch_shape, n, n))

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """The covariance."""
        n = self.event_shape[0]
        return (self._factor @ self._factor.mT).expand((*self.batch_shape, n, n))

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariance."""
        n = self.event_shape[0]
        return ops.cholesky_inverse(self._factor).expand((*self.batch_shape, n, n))

    @property
    def mean(self) -> Tensor:
        """The mean."""
        return self.loc

    @property
    def mode(self) -> Tensor:
        """The value of the highest probability or density."""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """The variance."""
        return self._factor.pow(2).sum(-1).expand((*self.batch_shape, *self.event_shape))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples through which gradients reach the parameters."""
        noise = standard_normal(self.loc, self._extended_shape(sample_shape))
        return self.loc + (self._factor @ noise.unsqueeze(-1)).squeeze(-1)

    def _half_log_det(self) -> Tensor:
        return self._factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the probability or density at ``value``."""
        if self._validate_args:
            self._validate_sample(value)
        away = (value - self.loc).unsqueeze(-1)
        solved = linalg.solve_triangular(self._factor, away, upper=False).squeeze(-1)
        distance = solved.pow(2).sum(-1)
        n = self.event_shape[0]
        return -0.5 * (n * math.log(2 * math.pi) + distance) - self._half_log_det()

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        n = self.event_shape[0]
        found = 0.5 * n * (1.0 + math.log(2 * math.pi)) + self._half_log_det()
        return found if not self.batch_shape else found.expand(self.batch_shape)
