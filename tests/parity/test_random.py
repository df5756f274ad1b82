"""Random operators and generators against PyTorch: the same numbers, states, types and errors."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import rushlight

torch = pytest.importorskip("torch")

DTYPES = ["float32", "float64", "float16", "bfloat16"]


@pytest.fixture(autouse=True)
def seeded():
    for module in (rushlight, torch):
        module.manual_seed(1234)


def same(ours, theirs):
    assert tuple(ours.shape) == tuple(theirs.shape)
    assert tuple(ours.stride()) == tuple(theirs.stride())
    assert str(ours.dtype) == str(theirs.dtype)
    if str(ours.dtype) == "torch.bfloat16":
        ours, theirs = ours.float(), theirs.float()
    np.testing.assert_array_equal(ours.detach().numpy(), theirs.detach().numpy())


def both(function):
    """The results agree to the last bit and the generators end in the same state."""
    ours, theirs = function(rushlight), function(torch)
    if isinstance(ours, (list, tuple)):
        for a, b in zip(ours, theirs, strict=True):
            same(a, b)
    else:
        same(ours, theirs)
    same(rushlight.get_rng_state(), torch.get_rng_state())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [0, 1, 7, 16, 17, 40, 700])
def test_rand_and_randn(dtype, n):
    both(lambda m: [m.rand(n, dtype=getattr(m, dtype)), m.randn(n, dtype=getattr(m, dtype))])


def test_shapes_and_keywords():
    both(lambda m: [m.rand(2, 3), m.rand((2, 3)), m.rand(size=(4,)), m.randn([2, 2]), m.rand(())])
    for module in (rushlight, torch):
        assert module.rand(3, requires_grad=True).is_leaf
        out = module.empty(3)
        assert module.rand(3, out=out) is out
    same(rushlight.get_rng_state(), torch.get_rng_state())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("bounds", [(0.0, 1.0), (-0.3, 0.7), (-3, 5), (2, 2)])
def test_uniform(dtype, bounds):
    both(lambda m: m.empty(50, dtype=getattr(m, dtype)).uniform_(*bounds))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [5, 33])
def test_normal(dtype, n):
    both(lambda m: m.empty(n, dtype=getattr(m, dtype)).normal_(0.5, 2.3))
    both(lambda m: m.empty(n, dtype=getattr(m, dtype)).normal_())


@pytest.mark.parametrize("dtype", DTYPES)
def test_other_distributions(dtype):
    def draw(m):
        x = m.empty(40, dtype=getattr(m, dtype))
        return [
            x.clone().exponential_(),
            x.clone().exponential_(1.7),
            x.clone().geometric_(0.3),
            x.clone().cauchy_(),
            x.clone().cauchy_(0.3, 2),
            x.clone().log_normal_(0.3, 0.2),
            x.clone().bernoulli_(),
            x.clone().bernoulli_(0.2),
        ]

    both(draw)


@pytest.mark.parametrize("dtype", [*DTYPES, "int64", "int32", "int16", "int8", "uint8", "bool"])
def test_integers(dtype):
    def draw(m):
        x = m.empty(40, dtype=getattr(m, dtype))
        top = 2 if dtype == "bool" else 100
        return [
            x.clone().random_(),
            x.clone().random_(top),
            x.clone().random_(1, top),
            x.clone().bernoulli_(0.4),
            m.randint(top, (9,), dtype=getattr(m, dtype)),
            m.randint(0, top, (3, 3), dtype=getattr(m, dtype)),
            m.randint_like(x, top),
            m.randint_like(x, 1, top),
        ]

    both(draw)


def test_wide_integers():
    both(
        lambda m: [
            m.randint(-(2**62), 2**62, (5,)),
            m.randint(2**28, (5,)),
            m.randint(2**28 - 1, (5,)),
            m.randint(-(2**63), 2**63 - 1, (5,)),
            m.empty(5, dtype=m.int64).random_(-(2**63), None),
            m.empty(5, dtype=m.int64).random_(3, None),
            m.empty(5, dtype=m.int32).random_(3, None),
            m.empty(5).random_(3, None),
        ]
    )
    both(lambda m: [m.randint(5, (3,)), m.randint(high=10, size=(2,)), m.randint(2, 5, [3])])


@pytest.mark.parametrize("n", [0, 1, 2, 9, 1000])
def test_randperm(n):
    both(lambda m: [m.randperm(n), m.randperm(n, dtype=m.int32), m.randperm(n, dtype=m.float32)])


def test_memory_order():
    def draw(m):
        base = m.zeros(6, 8, 5)
        base.transpose(0, 2).uniform_()
        base.permute(2, 0, 1)[:, 1:4, ::2].normal_()
        base[:, 2].random_(9)
        x = m.zeros(4, 6).t()
        return [
            base,
            m.rand_like(x),
            m.randn_like(x),
            m.randint_like(x, 9),
            m.rand_like(x, dtype=m.float64),
            m.rand_like(m.ones(3).expand(4, 3)),
            m.bernoulli((m.arange(24.0) / 24).reshape(4, 6).t()),
            m.bernoulli(m.ones(4, 6).t(), 0.3),
            m.empty(4, 6).t().bernoulli_(m.arange(4.0) / 4),
            m.multinomial(m.arange(1.0, 13.0).reshape(3, 4).t(), 2),
            m.multinomial(m.arange(1.0, 13.0).reshape(3, 4).t(), 5, True),
            m.dropout(m.ones(4, 6).t(), 0.5, True).contiguous(),
        ]

    both(draw)


def test_normal_of_tensors():
    def draw(m):
        mean, std = m.arange(20.0), m.arange(20.0) / 7
        return [
            m.normal(mean, std),
            m.normal(mean, 2.0),
            m.normal(mean),
            m.normal(0.5, std),
            m.normal(1.5, 0.5, (3, 4)),
            m.normal(mean[:3, None], std[:4]),
            m.normal(0.0, 1.0, size=(20,), dtype=m.float64),
        ]

    both(draw)


@pytest.mark.parametrize("dtype", DTYPES)
def test_bernoulli_of_probabilities(dtype):
    def draw(m):
        p = (m.arange(12.0) / 11).to(getattr(m, dtype))
        return [
            m.bernoulli(p),
            p.bernoulli(),
            m.bernoulli(p, 0.3),
            m.empty(12).bernoulli_(p),
            m.empty(2, 12, dtype=m.int64).bernoulli_(p),
        ]

    both(draw)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_multinomial(dtype):
    def draw(m):
        w = m.arange(1.0, 13.0).to(getattr(m, dtype))
        rows = w.reshape(3, 4)
        return [
            m.multinomial(w, 1),
            m.multinomial(w, 5),
            w.multinomial(12),
            m.multinomial(w, 1, True),
            m.multinomial(w, 50, replacement=True),
            m.multinomial(rows, 2),
            m.multinomial(rows, 7, True),
        ]

    both(draw)


def test_dropout():
    def draw(m):
        x = m.arange(1.0, 25.0).reshape(2, 3, 4)
        found = []
        for name in ("dropout", "alpha_dropout", "feature_dropout", "feature_alpha_dropout"):
            for p in (0.0, 0.3, 0.5, 1.0):
                f = getattr(m, name)
                found += [f(x, p, True), f(x, p, False)]
                found.append(getattr(m, name + "_")(x.clone(), p, True))
        return found

    both(draw)


def test_dropout_gradients():
    results = []
    for m in (rushlight, torch):
        x = m.arange(1.0, 25.0).reshape(2, 3, 4).requires_grad_()
        y = m.dropout(x, 0.3, True) * 2
        z = m.feature_alpha_dropout(x, 0.3, True)
        (y.sum() + (z * z).sum()).backward()
        assert type(z.grad_fn).__name__ == "AddBackward0"
        assert m.dropout(x, 0.3, False) is x
        results.append((x.grad, type(m.dropout(x, 1.0, True).grad_fn).__name__))
    np.testing.assert_allclose(results[0][0].numpy(), results[1][0].numpy(), rtol=1e-6)
    assert results[0][1] == results[1][1]


def test_history_of_in_place_fills():
    for m in (rushlight, torch):
        leaf = m.ones(5, requires_grad=True)
        with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
            leaf.uniform_()
        with m.no_grad():
            assert leaf.uniform_() is leaf
        y = leaf * 2
        y.uniform_()
        assert type(y.grad_fn).__name__ == "UniformBackward0"
        y.sum().backward()
        assert leaf.grad.tolist() == [0.0] * 5


def test_generators():
    ours, theirs = rushlight.Generator(), torch.Generator()
    assert ours.initial_seed() == theirs.initial_seed()
    same(ours.get_state(), theirs.get_state())
    for seed in (0, 42, -1, 2**40 + 3, 2**64 - 1, -(2**63)):
        assert ours.manual_seed(seed) is ours
        theirs.manual_seed(seed)
        assert ours.initial_seed() == theirs.initial_seed()
        same(rushlight.randn(3, generator=ours), torch.randn(3, generator=theirs))
        same(rushlight.rand(700, generator=ours), torch.rand(700, generator=theirs))
        same(ours.get_state(), theirs.get_state())
    assert str(ours.device) == str(theirs.device) == "cpu"


def test_states_travel():
    theirs = torch.Generator().manual_seed(7)
    torch.randn(5, generator=theirs)
    ours = rushlight.Generator()
    ours.set_state(rushlight.from_numpy(theirs.get_state().numpy()))
    same(rushlight.randn(5, generator=ours), torch.randn(5, generator=theirs))
    assert ours.initial_seed() == theirs.initial_seed() == 7
    clones = [
        ours.clone_state(),
        pickle.loads(pickle.dumps(ours)),
        copy.deepcopy(ours),
        ours.graphsafe_get_state(),
    ]
    expected = rushlight.rand(4, generator=ours).tolist()
    assert all(rushlight.rand(4, generator=c).tolist() == expected for c in clones)


def test_fork_rng_and_state():
    for m in (rushlight, torch):
        state = m.get_rng_state()
        with m.random.fork_rng():
            first = m.rand(3).tolist()
        assert m.rand(3).tolist() == first
        m.set_rng_state(state)
        assert m.rand(3).tolist() == first
    same(rushlight.get_rng_state(), torch.get_rng_state())


def test_unread_draws_advance_and_later_reseeding_does_not_reach_back():
    for m in (rushlight, torch):
        m.manual_seed(5)
        m.rand(3)
        first = m.rand(3)
        m.manual_seed(5)
        second = m.rand(6)
        assert first.tolist() == second.tolist()[3:]


ERRORS = [
    "m.rand(2, dtype=m.int64)",
    "m.rand(-1)",
    "m.rand(2.5)",
    "m.rand_like(m.ones(2, dtype=m.int64))",
    "m.randn(2, dtype=m.int64)",
    "m.randint(0, (2,))",
    "m.randint(5, 3, (2,))",
    "m.randint(0, 257, (2,), dtype=m.uint8)",
    "m.randint(-1, 10, (2,), dtype=m.uint8)",
    "m.randint(0, 2**63, (2,))",
    "m.randperm(-1)",
    "m.randperm(2.5)",
    "m.normal(m.zeros(3), -1.)",
    "m.normal(m.zeros(3), -m.ones(3)).tolist()",
    "m.normal(m.zeros(3), m.ones(4))",
    "m.normal(0., -1., (2,))",
    "m.bernoulli(m.tensor([1]))",
    "m.bernoulli(m.tensor([.5]), p=1.3)",
    "m.empty(3).bernoulli_(1.5)",
    "m.empty(3, requires_grad=True).bernoulli_()",
    "m.empty(3).uniform_(2, 1)",
    "m.empty(3).uniform_(0, float('inf'))",
    "m.empty(3, dtype=m.float16).uniform_(-7e4, 7e4)",
    "m.empty(3).uniform_(-2e38, 2e38)",
    "m.empty(3, dtype=m.int64).uniform_()",
    "m.empty(3, dtype=m.int64).normal_()",
    "m.empty(3).normal_(0, -1)",
    "m.empty(3).normal_(0, float('nan'))",
    "m.empty(3, dtype=m.int64).exponential_()",
    "m.empty(3).exponential_(0)",
    "m.empty(3).geometric_(0)",
    "m.empty(3).geometric_(1)",
    "m.empty(3).cauchy_(0, 0)",
    "m.empty(3, dtype=m.int64).cauchy_()",
    "m.empty(3).log_normal_(1, -1)",
    "m.empty(3, dtype=m.int64).log_normal_()",
    "m.empty(3).random_(5, 5)",
    "m.empty(3, dtype=m.uint8).random_(0, 300)",
    "m.multinomial(m.tensor([.5, .2]), 3)",
    "m.multinomial(m.tensor([.5, -.2]), 1)",
    "m.multinomial(m.tensor([.0, .0]), 1)",
    "m.multinomial(m.tensor([.0, .0]), 3, True)",
    "m.multinomial(m.tensor([1, 2]), 1)",
    "m.multinomial(m.tensor([.5, .2]), 0)",
    "m.multinomial(m.ones(2, 3, 4), 1)",
    "m.multinomial(m.tensor([.5, float('nan')]), 1)",
    "m.dropout(m.ones(3), 1.5, True)",
    "m.dropout(m.ones(3, dtype=m.int64), .5, True)",
    "m.feature_dropout(m.ones(3), .5, True)",
    "m.Generator().manual_seed(2**64)",
    "m.Generator().manual_seed(1.5)",
    "m.Generator().set_state(m.zeros(5, dtype=m.uint8))",
    "m.Generator().set_state(m.zeros(5056))",
    "m.Generator().set_state(m.zeros(5056, dtype=m.uint8))",
    "m.Generator().set_state(3)",
    "m.Generator('foo')",
    "m.manual_seed(2**64)",
    "m.manual_seed('a')",
]
SAME_TYPE = [
    "m.Generator('cuda')",
    "m.rand()",
    "m.rand(2, generator=3)",
    "m.randint(0, 10, 2)",
    "m.randperm(300, dtype=m.uint8)",
    "m.bernoulli(m.tensor([1.5]))",
    "m.bernoulli(m.tensor([-.5]))",
    "m.dropout(m.ones(3), -1., True)",
]


def outcome(m, code):
    with pytest.raises(Exception) as caught:
        eval(code, {"m": m})
    return type(caught.value), str(caught.value).splitlines()[0]


@pytest.mark.parametrize("code", ERRORS)
def test_errors(code):
    kind, message = outcome(torch, code)
    our_kind, ours = outcome(rushlight, code)
    assert our_kind is kind
    assert ours.startswith(message)


@pytest.mark.parametrize("code", SAME_TYPE)
def test_error_types(code):
    assert outcome(rushlight, code)[0] is outcome(torch, code)[0]


def test_checks_of_pending_values_fail_when_they_are_known():
    p = rushlight.ones(3) * 2
    drawn = rushlight.bernoulli(p)
    with pytest.raises(RuntimeError, match="p_in >= 0"):
        drawn.tolist()
    assert rushlight.rand(2).shape == (2,)
    rushlight.get_rng_state()
