"""Checkpointing: the same gradients, computed from a second run."""

from __future__ import annotations

import pytest

import rushlight as rl
from rushlight.utils.checkpoint import CheckpointError, checkpoint, checkpoint_sequential

both = pytest.mark.parametrize("use_reentrant", [False, True])


class Layer:
    """A function with a weight, which counts its runs."""

    def __init__(self):
        self.weight = rl.tensor([2.0, 3.0], requires_grad=True)
        self.runs = 0

    def __call__(self, x):
        self.runs += 1
        return (x * self.weight).sin()


@both
def test_same_gradients(use_reentrant):
    layer = Layer()
    x = rl.tensor([0.5, 1.0], requires_grad=True)
    layer(x).sum().backward()
    expected = x.grad.tolist(), layer.weight.grad.tolist()
    x.grad = layer.weight.grad = None

    layer.runs = 0
    y = checkpoint(layer, x * 1, use_reentrant=use_reentrant)
    assert layer.runs == 1
    y.sum().backward()
    assert layer.runs == 2
    assert (x.grad.tolist(), layer.weight.grad.tolist()) == expected


def test_weights_alone():
    layer = Layer()
    y = checkpoint(layer, rl.ones(2), use_reentrant=False)
    (found,) = rl.autograd.grad(y.sum(), layer.weight)
    assert found.tolist() == pytest.approx(layer.weight.cos().tolist())
    assert layer.weight.grad is None


def test_the_reentrant_variant_needs_an_argument_with_gradient():
    with pytest.warns(UserWarning, match="None of the inputs have requires_grad=True"):
        y = checkpoint(Layer(), rl.ones(2), use_reentrant=True)
    assert not y.requires_grad


def test_the_variant_should_be_chosen():
    x = rl.ones(2, requires_grad=True)
    with pytest.warns(UserWarning, match="use_reentrant parameter should be passed explicitly"):
        checkpoint(Layer(), x)
    with pytest.warns(UserWarning, match="checkpoint_sequential: the use_reentrant parameter"):
        checkpoint_sequential([Layer()], 1, x)


def test_several_results_and_named_arguments():
    x = rl.tensor([1.0, 2.0], requires_grad=True)
    y = rl.tensor([3.0, 4.0], requires_grad=True)

    def function(a, scale, *, b):
        return a * b * scale, "text", (a > 1.5), b + 1

    product, text, larger, more = checkpoint(function, x, 2, b=y, use_reentrant=False)
    assert text == "text"
    assert larger.tolist() == [False, True]
    assert not larger.requires_grad
    (product.sum() + more.sum()).backward()
    assert x.grad.tolist() == [6.0, 8.0]
    assert y.grad.tolist() == [3.0, 5.0]


def test_history_outside_the_function_is_kept():
    w = rl.tensor(2.0, requires_grad=True)
    outside = w * w
    y = checkpoint(lambda x: x * outside, rl.tensor(3.0), use_reentrant=False)
    (y + outside).backward()
    assert w.grad.item() == 16.0


@pytest.mark.parametrize("preserve", [True, False])
def test_the_second_run_draws_the_same_numbers(preserve):
    drawn = []

    def noisy(x):
        drawn.append(rl.rand(2))
        return x * drawn[-1]

    rl.manual_seed(0)
    x = rl.ones(2, requires_grad=True)
    y = checkpoint(noisy, x, use_reentrant=False, preserve_rng_state=preserve)
    after = rl.get_rng_state()
    y.sum().backward()
    assert (drawn[0].tolist() == drawn[1].tolist()) is preserve
    assert (x.grad.tolist() == drawn[0].tolist()) is preserve
    assert (rl.get_rng_state().tolist() == after.tolist()) is preserve


@both
def test_sequential(use_reentrant):
    layers = [Layer() for _ in range(5)]
    x = rl.tensor([0.5, 1.0], requires_grad=True)
    y = checkpoint_sequential(layers, 2, x, use_reentrant=use_reentrant)
    y.sum().backward()
    assert [layer.runs for layer in layers] == [2, 2, 1, 1, 1]
    found = x.grad.tolist()
    x.grad = None
    for layer in layers:
        layer.weight.grad = None
    z = x
    for layer in layers:
        z = layer(z)
    z.sum().backward()
    assert found == pytest.approx(x.grad.tolist())


def test_nothing_to_do_without_gradients():
    layer = Layer()
    with rl.no_grad():
        assert not checkpoint(layer, rl.ones(2), use_reentrant=False).requires_grad
    assert layer.runs == 1


def test_errors():
    x = rl.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match="Unexpected keyword arguments: y"):
        checkpoint(Layer(), x, use_reentrant=True, y=1)
    with pytest.raises(ValueError, match="only supported when use_reentrant=False"):
        checkpoint(Layer(), x, use_reentrant=True, debug=True)
    with pytest.raises(ValueError, match="determinism_check should be one of"):
        checkpoint(Layer(), x, use_reentrant=False, determinism_check="x")
    with pytest.raises(ValueError, match="Unexpected keyword arguments: z"):
        checkpoint_sequential([Layer()], 1, x, use_reentrant=False, z=1)


def test_a_function_that_changes_is_noticed():
    sizes = iter([2, 3])
    y = checkpoint(
        lambda x: x.sum() * rl.ones(next(sizes)),
        rl.ones(1, requires_grad=True),
        use_reentrant=False,
    )
    with pytest.raises(CheckpointError, match="different metadata than during the forward pass"):
        y.sum().backward()


def test_tensorboard_says_that_it_is_not_there():
    with pytest.raises(ImportError, match="Rushlight writes no TensorBoard event files"):
        import rushlight.utils.tensorboard  # noqa: F401
