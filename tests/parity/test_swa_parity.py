"""Averaged models and their schedule against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
rl = pytest.importorskip("rushlight")

LIBRARIES = (rl, torch)


def swa(lib):
    from importlib import import_module

    return import_module(f"{lib.__name__}.optim.swa_utils")


def model(lib, seed=0):
    lib.manual_seed(seed)
    net = lib.nn.Sequential(lib.nn.Linear(3, 4), lib.nn.BatchNorm1d(4), lib.nn.Linear(4, 2))
    net[1].num_batches_tracked += 7 * seed
    return net


def values(module):
    return {key: value.detach().tolist() for key, value in module.state_dict().items()}


def assert_same(run):
    ours, theirs = (run(lib) for lib in LIBRARIES)
    assert list(ours) == list(theirs)
    for key, value in theirs.items():
        np.testing.assert_allclose(ours[key], value, rtol=1e-5, atol=1e-6, err_msg=key)


@pytest.mark.parametrize(
    "options",
    [
        lambda lib: {},
        lambda lib: {"use_buffers": True},
        lambda lib: {"avg_fn": swa(lib).get_ema_avg_fn(0.9)},
        lambda lib: {"avg_fn": swa(lib).get_swa_avg_fn()},
        lambda lib: {"multi_avg_fn": swa(lib).get_ema_multi_avg_fn(0.5)},
        lambda lib: {"multi_avg_fn": swa(lib).get_swa_multi_avg_fn()},
    ],
)
def test_averages(options):
    def run(lib):
        averaged = swa(lib).AveragedModel(model(lib), **options(lib))
        for seed in range(1, 5):
            averaged.update_parameters(model(lib, seed))
        return values(averaged)

    assert_same(run)


def test_update_bn():
    def run(lib):
        net = model(lib)
        batches = [(lib.tensor(np.full((4, 3), i, np.float32) ** 0.5),) for i in range(4)]
        swa(lib).update_bn(batches, net.eval())
        assert not net.training
        assert net[1].momentum == 0.1
        return values(net)

    assert_same(run)


@pytest.mark.parametrize(
    "options", [{}, {"anneal_strategy": "linear", "anneal_epochs": 3}, {"anneal_epochs": 0}]
)
def test_schedule(options):
    def run(lib):
        optimizer = lib.optim.SGD([lib.zeros(1, requires_grad=True)], lr=0.1)
        scheduler = swa(lib).SWALR(optimizer, swa_lr=0.02, **options)
        rates = []
        for _ in range(14):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        return rates

    ours, theirs = (run(lib) for lib in LIBRARIES)
    assert ours == pytest.approx(theirs)


@pytest.mark.parametrize(
    "call",
    [
        lambda lib: swa(lib).get_ema_avg_fn(2),
        lambda lib: swa(lib).get_ema_multi_avg_fn(-1),
        lambda lib: swa(lib).AveragedModel(model(lib), avg_fn=print, multi_avg_fn=print),
        lambda lib: swa(lib).SWALR(lib.optim.SGD([lib.zeros(1)]), 0.1, anneal_strategy="x"),
        lambda lib: swa(lib).SWALR(lib.optim.SGD([lib.zeros(1)]), 0.1, anneal_epochs=-1),
    ],
)
def test_errors(call):
    messages = []
    for lib in LIBRARIES:
        with pytest.raises((ValueError, AssertionError)) as caught:
            call(lib)
        messages.append((caught.type, str(caught.value)))
    assert messages[0] == messages[1]
