"""Initialisers, gradient clipping and parameter vectors against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import rushlight  # noqa: E402

# call, and whether the values are equal bit for bit (normal draws are equal to the last bits)
FILLS = [
    ("uniform_(t)", True),
    ("uniform_(t, -2, 3)", True),
    ("normal_(t)", False),
    ("normal_(t, 1.0, 0.3)", False),
    ("constant_(t, 0.3)", True),
    ("ones_(t)", True),
    ("zeros_(t)", True),
    ("trunc_normal_(t)", False),
    ("trunc_normal_(t, 0.5, 2.0, -1.0, 1.0)", False),
    ("trunc_normal_(t, std=0.02)", False),
    ("trunc_normal_(t, 0.0, 1.0, 1.5, 2.0)", True),
    ("trunc_normal_(t, 0.0, 3.0, -1.0, 0.5)", True),
    ("xavier_uniform_(t)", True),
    ("xavier_uniform_(t, gain=nn.init.calculate_gain('relu'))", True),
    ("xavier_normal_(t)", False),
    ("kaiming_uniform_(t)", True),
    ("kaiming_uniform_(t, mode='fan_out', nonlinearity='relu')", True),
    ("kaiming_uniform_(t, a=5 ** 0.5)", True),
    ("kaiming_normal_(t, nonlinearity='tanh')", False),
    ("orthogonal_(t)", False),
    ("orthogonal_(t, gain=2.0)", False),
]
MATRIX_FILLS = [("eye_(t)", True), ("sparse_(t, 0.3)", False)]
CONV_FILLS = [("dirac_(t)", True), ("dirac_(t, groups=2)", True)]
CASES = [
    *[(fill, exact, shape) for fill, exact in FILLS for shape in [(6, 4), (4, 6), (4, 3, 3, 2)]],
    *[(fill, exact, shape) for fill, exact in MATRIX_FILLS for shape in [(6, 4), (4, 6)]],
    *[(f, exact, s) for f, exact in CONV_FILLS for s in [(4, 3, 3), (4, 2, 2, 5), (2, 2, 3, 3, 1)]],
]


def fill(lib, call, shape, private):
    """Fill a tensor from the default generator or a private one."""
    lib.manual_seed(11)
    env = {"nn": lib.nn, "t": lib.empty(*shape)}
    if private:
        call = call[:-1] + ", generator=g)"
        env["g"] = lib.Generator().manual_seed(5)
    result = eval("nn.init." + call, env)
    assert result is env["t"]
    return result.numpy(), lib.rand(1).item()


@pytest.mark.parametrize(("call", "exact", "shape"), CASES)
def test_fill(call, exact, shape):
    deterministic = call.startswith(("constant", "ones", "zeros", "eye", "dirac"))
    for private in (False,) if deterministic else (False, True):
        ours, mine = fill(rushlight, call, shape, private)
        theirs, expected = fill(torch, call, shape, private)
        if exact:
            np.testing.assert_array_equal(ours, theirs)
        else:
            np.testing.assert_allclose(ours, theirs, rtol=2e-6, atol=1e-6)
        assert mine == expected, "another number of draws from the default generator"


def test_history_is_not_recorded():
    weight = rushlight.nn.Parameter(rushlight.zeros(3, 4))
    for name in ("uniform_", "normal_", "xavier_uniform_", "orthogonal_", "trunc_normal_"):
        getattr(rushlight.nn.init, name)(weight)
        assert weight.is_leaf
        assert weight.requires_grad


def gradients(lib):
    rng = np.random.default_rng(0)
    parameters = [lib.nn.Parameter(lib.zeros(*shape)) for shape in [(3, 4), (5,), (2, 2)]]
    for parameter in parameters[:2]:
        values = rng.standard_normal(tuple(parameter.shape)).astype(np.float32)
        parameter.grad = lib.tensor(values)
    return parameters


CLIPS = [
    "clip_grad_norm_(p, 0.5)",
    "clip_grad_norm_(p, 100.0)",
    "clip_grad_norm_(p, 0.5, norm_type=1)",
    "clip_grad_norm_(p, 0.5, norm_type=float('inf'))",
    "clip_grad_norm_(iter(p), 0.5, error_if_nonfinite=True)",
    "clip_grad_norm_(p[0], 0.5)",
    "clip_grad_norm_(p[2:], 0.5)",
    "clip_grad_value_(p, 0.3)",
    "get_total_norm([q.grad for q in p[:2]])",
    "clip_grads_with_norm_(p, 0.5, get_total_norm([q.grad for q in p[:2]]))",
]


@pytest.mark.parametrize("call", CLIPS)
def test_clip(call):
    def clip(lib):
        parameters = gradients(lib)
        utils = lib.nn.utils
        env = {**vars(utils), **vars(utils.clip_grad), "p": parameters}
        result = eval(call, env)
        found = [] if result is None else [result.numpy()]
        return found + [p.grad.numpy() for p in parameters[:2]]

    for mine, expected in zip(clip(rushlight), clip(torch), strict=True):
        assert mine.dtype == expected.dtype
        np.testing.assert_allclose(mine, expected, rtol=1e-6)


def test_clip_refuses_what_is_not_finite():
    def clip(lib):
        parameters = gradients(lib)
        parameters[0].grad[0, 0] = float("nan")
        with pytest.raises(RuntimeError) as error:
            lib.nn.utils.clip_grad_norm_(parameters, 1.0, error_if_nonfinite=True)
        return str(error.value)

    assert clip(rushlight) == clip(torch)


def test_parameter_vectors():
    def there_and_back(lib):
        parameters = gradients(lib)
        for number, parameter in enumerate(parameters):
            lib.nn.init.constant_(parameter, number)
        vector = lib.nn.utils.parameters_to_vector(parameters)
        lib.nn.utils.vector_to_parameters(vector * 2 + 1, parameters)
        return [vector.tolist(), *(p.tolist() for p in parameters)]

    assert there_and_back(rushlight) == there_and_back(torch)
