"""Distributions against closed forms; comparison with PyTorch is in parity/wild_snippets.txt."""

from __future__ import annotations

import math

import pytest

import rushlight as rl
from rushlight import distributions as D


def test_normal_density_and_sample_shape() -> None:
    """The density at the mean, and shapes of samples."""
    d = D.Normal(rl.zeros(3), rl.tensor([1.0, 2.0, 4.0]))
    expected = [-0.5 * math.log(2 * math.pi) - math.log(s) for s in (1, 2, 4)]
    assert d.log_prob(rl.zeros(3)).tolist() == pytest.approx(expected, rel=1e-6)
    assert d.sample((5, 2)).shape == (5, 2, 3)
    assert not d.sample().requires_grad


def test_rsample_differentiates() -> None:
    """Gradients reach location and scale through a sample."""
    rl.manual_seed(1)
    loc, scale = rl.zeros(2, requires_grad=True), rl.ones(2, requires_grad=True)
    x = D.Normal(loc, scale).rsample()
    x.sum().backward()
    assert loc.grad is not None
    assert loc.grad.tolist() == [1.0, 1.0]
    assert scale.grad is not None
    assert scale.grad.tolist() == pytest.approx(x.tolist())


def test_categorical_frequencies() -> None:
    """Samples come as often as their probabilities say."""
    rl.manual_seed(0)
    d = D.Categorical(rl.tensor([1.0, 3.0]))
    assert float(d.sample((4000,)).float().mean()) == pytest.approx(0.75, abs=0.03)
    assert d.log_prob(rl.tensor(1)).item() == pytest.approx(math.log(0.75), rel=1e-5)


def test_invalid_parameter_names_its_constraint() -> None:
    """The message says which parameter of which distribution."""
    with pytest.raises(ValueError, match=r"Expected parameter scale .* of distribution Normal\("):
        D.Normal(0.0, -1.0)
    with pytest.raises(ValueError, match="within the support"):
        D.Bernoulli(0.5).log_prob(rl.tensor(3.0))


def test_change_of_variables() -> None:
    """A log-normal density is the normal one divided by the value."""
    x = rl.tensor([0.5, 2.0])
    direct = D.Normal(0.0, 1.0).log_prob(x.log()) - x.log()
    assert D.LogNormal(0.0, 1.0).log_prob(x).tolist() == pytest.approx(direct.tolist())


def test_kl_of_equal_distributions_is_zero() -> None:
    """And unknown pairs are refused."""
    p = D.MultivariateNormal(rl.ones(2), rl.tensor([[2.0, 0.5], [0.5, 1.0]]))
    assert D.kl_divergence(p, p).item() == pytest.approx(0.0, abs=1e-6)
    with pytest.raises(NotImplementedError):
        D.kl_divergence(D.Normal(0.0, 1.0), D.Bernoulli(0.5))
