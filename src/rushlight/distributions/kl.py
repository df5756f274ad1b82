"""Kullback-Leibler divergences, registered by pairs of classes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .. import linalg, ops
from ..tensor import Tensor
from .bernoulli import Bernoulli
from .categorical import Categorical
from .distribution import Distribution, sum_rightmost
from .exponential import Exponential
from .geometric import Geometric
from .independent import Independent
from .laplace import Laplace
from .multivariate_normal import MultivariateNormal
from .normal import Normal
from .one_hot_categorical import OneHotCategorical
from .transformed_distribution import TransformedDistribution
from .uniform import Uniform

_RULES: dict[tuple[type, type], Callable[[Any, Any], Tensor]] = {}


def register_kl(
    type_p: type, type_q: type
) -> Callable[[Callable[..., Tensor]], Callable[..., Tensor]]:
    """Make a function the divergence of two classes (and their subclasses)."""
    for kind in (type_p, type_q):
        if not (isinstance(kind, type) and issubclass(kind, Distribution)):
            raise TypeError(f"Expected a Distribution subclass but got {kind}")

    def decorate(f: Callable[..., Tensor]) -> Callable[..., Tensor]:
        _RULES[type_p, type_q] = f
        return f

    return decorate


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """``KL(p || q)``, one number for each entry of the batch.

    Raises:
        NotImplementedError: if there is no rule for the two classes.
    """
    for kind_p in type(p).__mro__:
        for kind_q in type(q).__mro__:
            rule = _RULES.get((kind_p, kind_q))
            if rule is not None:
                return rule(p, q)
    raise NotImplementedError(
        f"No KL(p || q) is implemented for p type {type(p).__name__} and q type {type(q).__name__}"
    )


@register_kl(Normal, Normal)
def _normals(p: Normal, q: Normal) -> Tensor:
    ratio = (p.scale / q.scale).pow(2)
    shift = ((p.loc - q.loc) / q.scale).pow(2)
    return 0.5 * (ratio + shift - 1 - ratio.log())


@register_kl(Bernoulli, Bernoulli)
def _bernoullis(p: Bernoulli, q: Bernoulli) -> Tensor:
    ones = p.probs * (ops.softplus(-q.logits) - ops.softplus(-p.logits))
    ones = ops.where(q.probs == 0, math.inf, ones)
    ones = ops.where(p.probs == 0, 0.0, ones)
    zeros = (1 - p.probs) * (ops.softplus(q.logits) - ops.softplus(p.logits))
    zeros = ops.where(q.probs == 1, math.inf, zeros)
    zeros = ops.where(p.probs == 1, 0.0, zeros)
    return ones + zeros


@register_kl(Categorical, Categorical)
def _categoricals(p: Categorical, q: Categorical) -> Tensor:
    each = p.probs * (p.logits - q.logits)
    each = ops.where((q.probs == 0).expand_as(each), math.inf, each)
    each = ops.where((p.probs == 0).expand_as(each), 0.0, each)
    return each.sum(-1)


@register_kl(OneHotCategorical, OneHotCategorical)
def _one_hots(p: OneHotCategorical, q: OneHotCategorical) -> Tensor:
    return _categoricals(p._categorical, q._categorical)


@register_kl(Exponential, Exponential)
def _exponentials(p: Exponential, q: Exponential) -> Tensor:
    ratio = q.rate / p.rate
    return -ratio.log() + ratio - 1


@register_kl(Geometric, Geometric)
def _geometrics(p: Geometric, q: Geometric) -> Tensor:
    return -p.entropy() - ops.log1p(-q.probs) / p.probs - q.logits


@register_kl(Laplace, Laplace)
def _laplaces(p: Laplace, q: Laplace) -> Tensor:
    ratio = p.scale / q.scale
    away = (p.loc - q.loc).abs()
    return -ratio.log() + away / q.scale + ratio * ops.exp(-away / p.scale) - 1


@register_kl(Uniform, Uniform)
def _uniforms(p: Uniform, q: Uniform) -> Tensor:
    found = ((q.high - q.low) / (p.high - p.low)).log()
    outside: Tensor = ops.where((q.low > p.low) | (q.high < p.high), math.inf, found)
    return outside


@register_kl(Uniform, Normal)
def _uniform_normal(p: Uniform, q: Normal) -> Tensor:
    spread = p.high - p.low
    width = (math.sqrt(math.pi * 2) * q.scale / spread).log()
    variance = (spread / q.scale).pow(2) / 24
    shift = ((p.high + p.low - 2 * q.loc) / (2 * q.scale)).pow(2) / 2
    return width + variance + shift


@register_kl(MultivariateNormal, MultivariateNormal)
def _multivariate_normals(p: MultivariateNormal, q: MultivariateNormal) -> Tensor:
    if p.event_shape != q.event_shape:
        raise ValueError(
            "KL-divergence between two Multivariate Normals with different event shapes cannot be "
            "computed"
        )
    factors = linalg.solve_triangular(q._factor, p._factor, upper=False)
    away = linalg.solve_triangular(q._factor, (q.loc - p.loc).unsqueeze(-1), upper=False)
    trace, distance = factors.pow(2).sum((-2, -1)), away.squeeze(-1).pow(2).sum(-1)
    half_log_dets = q._half_log_det() - p._half_log_det()
    return half_log_dets + 0.5 * (trace + distance - p.event_shape[0])


@register_kl(Independent, Independent)
def _independents(p: Independent, q: Independent) -> Tensor:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError
    return sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


@register_kl(TransformedDistribution, TransformedDistribution)
def _transformed(p: TransformedDistribution, q: TransformedDistribution) -> Tensor:
    if p.transforms != q.transforms or p.event_shape != q.event_shape:
        raise NotImplementedError
    return kl_divergence(p.base_dist, q.base_dist)
