"""Grid sampling, reparametrised weights and DataParallel against PyTorch."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import rushlight  # noqa: E402


def numbers(*shape, scale=1.0):
    return (np.random.default_rng(sum(shape)).standard_normal(shape) * scale).astype(np.float32)


def compare(run, rtol=1e-4, atol=2e-5):
    for mine, expected in zip(run(rushlight), run(torch), strict=True):
        np.testing.assert_allclose(mine, expected, rtol=rtol, atol=atol)


@pytest.mark.parametrize("align", [False, True])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
def test_grid_sample(mode, padding, align):
    def run(lib):
        x = lib.tensor(numbers(2, 3, 5, 4), requires_grad=True)
        grid = lib.tensor(numbers(2, 6, 7, 2, scale=0.9), requires_grad=True)
        out = lib.nn.functional.grid_sample(x, grid, mode, padding, align)
        out.square().sum().backward()
        return [
            t.detach().numpy() for t in (out, x.grad, *([grid.grad] if mode != "nearest" else []))
        ]

    compare(run, atol=2e-4)


@pytest.mark.parametrize("padding", ["zeros", "border"])
def test_grid_sample_of_volumes(padding):
    def run(lib):
        x = lib.tensor(numbers(1, 2, 3, 4, 3), requires_grad=True)
        grid = lib.tensor(numbers(1, 2, 3, 2, 3, scale=0.8), requires_grad=True)
        out = lib.nn.functional.grid_sample(x, grid, padding_mode=padding, align_corners=False)
        out.square().sum().backward()
        return [t.detach().numpy() for t in (out, x.grad, grid.grad)]

    compare(run)


@pytest.mark.parametrize("align", [False, True])
@pytest.mark.parametrize("size", [(2, 3, 4, 5), (2, 1, 2, 3), (2, 3, 2, 4, 3)])
def test_affine_grid(size, align):
    def run(lib):
        spatial = len(size) - 2
        theta = lib.tensor(numbers(2, spatial, spatial + 1), requires_grad=True)
        grid = lib.nn.functional.affine_grid(theta, size, align)
        grid.square().sum().backward()
        return [grid.detach().numpy(), theta.grad.numpy()]

    compare(run)


def test_spatial_transformer_warns():
    for lib in (rushlight, torch):
        functional = lib.nn.functional
        with pytest.warns(UserWarning, match="Default grid_sample and affine_grid behavior"):
            grid = functional.affine_grid(lib.ones(1, 2, 3), (1, 1, 2, 2))
        with pytest.warns(UserWarning, match="Default grid_sample and affine_grid behavior"):
            functional.grid_sample(lib.ones(1, 1, 2, 2), grid)


@pytest.mark.parametrize("dim", [0, 1, None])
def test_weight_norm(dim):
    def run(lib):
        lib.manual_seed(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            layer = lib.nn.utils.weight_norm(lib.nn.Linear(3, 4), dim=dim)
        with lib.no_grad():
            layer.weight_g.mul_(2)
        layer(lib.tensor(numbers(2, 3))).square().sum().backward()
        found = [p.grad.numpy() for p in layer.parameters()]
        names = sorted(layer.state_dict())
        lib.nn.utils.remove_weight_norm(layer)
        assert names == ["bias", "weight_g", "weight_v"]
        assert sorted(layer.state_dict()) == ["bias", "weight"]
        return [*found, layer.weight.detach().numpy()]

    compare(run)


def test_spectral_norm():
    def run(lib):
        lib.manual_seed(0)
        layer = lib.nn.utils.spectral_norm(lib.nn.Conv2d(2, 3, 2), n_power_iterations=2)
        x = lib.tensor(numbers(1, 2, 4, 4))
        for _ in range(3):
            out = layer(x)
        out.square().sum().backward()
        found = [out.detach().numpy(), layer.weight_orig.grad.numpy(), layer.weight_u.numpy()]
        layer.eval()(x)
        lib.nn.utils.remove_spectral_norm(layer)
        assert sorted(layer.state_dict()) == ["bias", "weight"]
        return [*found, layer.weight.detach().numpy()]

    compare(run)


def test_data_parallel():
    def run(lib):
        lib.manual_seed(0)
        net = lib.nn.DataParallel(lib.nn.Linear(3, 2))
        assert list(net.state_dict()) == ["module.weight", "module.bias"]
        return [net(lib.tensor(numbers(2, 3))).detach().numpy(), np.array(len(repr(net)))]

    compare(run)
