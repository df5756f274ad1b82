"""Every optimizer and every option against PyTorch: parameters, state and loaded state."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")
rl = pytest.importorskip("rushlight")

STEPS = 25
SHAPES = [(4, 3), (5,), ()]

COMMON = {"weight_decay": [0, 0.1], "maximize": [False, True]}
DECOUPLED = {"decoupled_weight_decay": [False, True]}
OPTIONS = {
    "SGD": {"momentum": [0, 0.9], "dampening": [0, 0.3], "nesterov": [False, True], **COMMON},
    "Adam": {"amsgrad": [False, True], "betas": [(0.9, 0.999), (0.4, 0.9)], **COMMON, **DECOUPLED},
    "AdamW": {"amsgrad": [False, True], **COMMON},
    "RMSprop": {"centered": [False, True], "momentum": [0, 0.9], "alpha": [0.99, 0.4], **COMMON},
    "Adagrad": {"lr_decay": [0, 0.1], "initial_accumulator_value": [0, 0.5], **COMMON},
    "Adadelta": {"rho": [0.9, 0.5], **COMMON},
    "Adamax": {"betas": [(0.9, 0.999), (0.4, 0.9)], **COMMON},
    "NAdam": {"momentum_decay": [4e-3, 0.1], **COMMON, **DECOUPLED},
    "RAdam": {"betas": [(0.9, 0.999), (0.8, 0.7)], **COMMON, **DECOUPLED},
    "Rprop": {"etas": [(0.5, 1.2), (0.3, 2.0)], "maximize": [False, True]},
    "ASGD": {"t0": [1e6, 5], "lambd": [1e-4, 0.1], **COMMON},
}


def combinations():
    for name, options in OPTIONS.items():
        for values in itertools.product(*options.values()):
            chosen = dict(zip(options, values, strict=True))
            if chosen.get("nesterov") and not (chosen["momentum"] and not chosen["dampening"]):
                continue
            if chosen.get("decoupled_weight_decay") and not chosen["weight_decay"]:
                continue
            yield pytest.param(name, chosen, id=f"{name}-{sorted(chosen.items())}")


def start_values():
    rng = np.random.default_rng(0)
    return [rng.standard_normal(shape).astype(np.float32) for shape in SHAPES]


def gradients(step):
    rng = np.random.default_rng(100 + step)
    return [rng.standard_normal(shape).astype(np.float32) for shape in SHAPES]


def parameters(lib):
    return [lib.tensor(value, requires_grad=True) for value in start_values()]


def run(lib, optimizer, params, steps):
    for step in steps:
        for param, grad in zip(params, gradients(step), strict=True):
            param.grad = lib.tensor(grad)
        optimizer.step()


def assert_same_numbers(ours, theirs):
    np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=5e-6, atol=1e-6)


def assert_same_state(ours, theirs):
    """Same keys in the same order, and the same values up to rounding."""
    assert type(ours) is type(theirs) or hasattr(ours, "numpy")
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        for key in theirs:
            assert_same_state(ours[key], theirs[key])
    elif isinstance(theirs, list | tuple):
        assert len(ours) == len(theirs)
        for our_entry, their_entry in zip(ours, theirs, strict=True):
            assert_same_state(our_entry, their_entry)
    elif isinstance(theirs, torch.Tensor):
        assert tuple(ours.shape) == tuple(theirs.shape)
        assert str(ours.dtype).split(".")[-1] == str(theirs.dtype).split(".")[-1]
        assert_same_numbers(ours, theirs)
    elif isinstance(theirs, float):
        assert ours == pytest.approx(theirs, rel=1e-6)
    else:
        assert ours == theirs


@pytest.mark.parametrize(("name", "options"), list(combinations()))
def test_same_numbers_as_pytorch(name, options):
    params, expected = parameters(rl), parameters(torch)
    optimizer = getattr(rl.optim, name)(params, **options)
    reference = getattr(torch.optim, name)(expected, **options)
    run(rl, optimizer, params, range(STEPS))
    run(torch, reference, expected, range(STEPS))
    for ours, theirs in zip(params, expected, strict=True):
        assert_same_numbers(ours, theirs)
    assert_same_state(optimizer.state_dict(), reference.state_dict())
    assert repr(optimizer) == repr(reference)


@pytest.mark.parametrize("name", OPTIONS)
def test_state_of_pytorch_can_be_loaded(name):
    expected = parameters(torch)
    reference = getattr(torch.optim, name)(expected)
    run(torch, reference, expected, range(5))
    saved = to_rushlight(reference.state_dict())

    params = [rl.tensor(p.detach().numpy().copy(), requires_grad=True) for p in expected]
    optimizer = getattr(rl.optim, name)(params, lr=123.0)
    optimizer.load_state_dict(saved)
    run(rl, optimizer, params, range(5, 12))
    run(torch, reference, expected, range(5, 12))
    for ours, theirs in zip(params, expected, strict=True):
        assert_same_numbers(ours, theirs)
    assert_same_state(optimizer.state_dict(), reference.state_dict())


def to_rushlight(value):
    if isinstance(value, torch.Tensor):
        return rl.tensor(value.detach().numpy().copy())
    if isinstance(value, dict):
        return {key: to_rushlight(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [to_rushlight(entry) for entry in value]
    return value


@pytest.mark.parametrize("name", [*OPTIONS, "LBFGS"])
def test_signature(name):
    import inspect

    ours = inspect.signature(getattr(rl.optim, name).__init__).parameters
    theirs = inspect.signature(getattr(torch.optim, name).__init__).parameters
    assert list(ours) == list(theirs)
    for key, parameter in theirs.items():
        assert ours[key].default == parameter.default
        assert ours[key].kind == parameter.kind


# ------------------------------------------------------------------------------------------ L-BFGS


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def minimise(lib, steps, **options):
    x = lib.tensor([-1.2, 1.0, 0.5], dtype=lib.float64, requires_grad=True)
    optimizer = lib.optim.LBFGS([x], **options)

    def closure():
        optimizer.zero_grad()
        loss = rosenbrock(x)
        loss.backward()
        return loss

    losses = [optimizer.step(closure).item() for _ in range(steps)]
    return losses, x, optimizer


@pytest.mark.parametrize(
    "options",
    [
        {"line_search_fn": "strong_wolfe"},
        {"line_search_fn": "strong_wolfe", "max_iter": 3, "history_size": 2},
        {"line_search_fn": "strong_wolfe", "max_iter": 4, "max_eval": 6},
        {"lr": 1e-3, "max_iter": 5},
        {"lr": 1e-3, "max_iter": 5, "history_size": 2},
    ],
)
def test_lbfgs_follows_pytorch(options):
    ours, x, optimizer = minimise(rl, 6, **options)
    theirs, expected, reference = minimise(torch, 6, **options)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(x.detach().numpy(), expected.detach().numpy(), rtol=1e-6)
    state, wanted = optimizer.state_dict(), reference.state_dict()
    assert state["param_groups"] == wanted["param_groups"]
    assert set(state["state"][0]) == set(wanted["state"][0])
    for key in ("func_evals", "n_iter"):
        assert state["state"][0][key] == wanted["state"][0][key]
    assert len(state["state"][0]["old_dirs"]) == len(wanted["state"][0]["old_dirs"])


# -------------------------------------------------------------------------------------- schedulers


def halves(epoch):
    return 0.5**epoch


def chained(lib, optimizer):
    schedulers = lib.optim.lr_scheduler
    return schedulers.ChainedScheduler(
        [
            schedulers.ConstantLR(optimizer, factor=0.1, total_iters=4),
            schedulers.ExponentialLR(optimizer, gamma=0.9),
        ]
    )


def sequential(lib, optimizer):
    schedulers = lib.optim.lr_scheduler
    return schedulers.SequentialLR(
        optimizer,
        [
            schedulers.LinearLR(optimizer, total_iters=3),
            schedulers.CosineAnnealingLR(optimizer, T_max=6),
            schedulers.StepLR(optimizer, step_size=2),
        ],
        milestones=[3, 10],
    )


def made(name, *args, **kwargs):
    def make(lib, optimizer):
        return getattr(lib.optim.lr_scheduler, name)(optimizer, *args, **kwargs)

    return pytest.param(make, id=name)


SCHEDULERS = [
    made("StepLR", 3),
    made("StepLR", 3, gamma=0.5),
    made("MultiStepLR", [2, 5, 5, 9], gamma=0.3),
    made("ExponentialLR", 0.9),
    made("CosineAnnealingLR", 5),
    made("CosineAnnealingLR", 7, eta_min=0.01),
    made("LambdaLR", halves),
    made("LambdaLR", [halves, lambda epoch: epoch + 1.0]),
    made("MultiplicativeLR", lambda epoch: 0.95),
    made("ConstantLR", 0.25, total_iters=4),
    made("LinearLR", 0.2, 0.9, total_iters=6),
    made("PolynomialLR", total_iters=8, power=2.0),
    made("CosineAnnealingWarmRestarts", 3),
    made("CosineAnnealingWarmRestarts", 3, T_mult=2, eta_min=0.001),
    made("CyclicLR", 0.01, 0.2, step_size_up=3),
    made("CyclicLR", 0.01, 0.2, step_size_up=3, step_size_down=4, mode="triangular2"),
    made("CyclicLR", [0.01, 0.02], [0.1, 0.3], step_size_up=3, mode="exp_range", gamma=0.95),
    made("CyclicLR", 0.01, 0.2, 3, scale_fn=lambda x: 1 / x, cycle_momentum=False),
    made("OneCycleLR", 0.5, total_steps=25),
    made("OneCycleLR", [0.5, 0.3], epochs=5, steps_per_epoch=5, anneal_strategy="linear"),
    made("OneCycleLR", 0.5, total_steps=25, three_phase=True, cycle_momentum=False),
    pytest.param(chained, id="chained"),
    pytest.param(sequential, id="sequential"),
]


def two_groups(lib, name="SGD", **options):
    groups = [{"params": [lib.tensor(1.0, requires_grad=True)]} for _ in range(2)]
    groups[1]["lr"] = 0.05
    if name == "SGD":
        options = {"momentum": 0.9, **options}
    return getattr(lib.optim, name)(groups, lr=0.1, **options)


def observe(optimizer, scheduler):
    keys = ("lr", "momentum", "betas")
    rates = [[group.get(key) for key in keys] for group in optimizer.param_groups]
    return rates, list(scheduler.get_last_lr()), getattr(scheduler, "last_epoch", None)


def trace(lib, make, name, steps=20):
    optimizer = two_groups(lib, name)
    scheduler = make(lib, optimizer)
    rows = [observe(optimizer, scheduler)]
    for _ in range(steps):
        optimizer.step()
        scheduler.step()
        rows.append(observe(optimizer, scheduler))
    return rows, plain(scheduler.state_dict())


def plain(value):
    """A state dict with its functions taken out, so that it can be compared."""
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [plain(entry) for entry in value]
    return None if callable(value) else value


@pytest.mark.parametrize("name", ["SGD", "Adam"])
@pytest.mark.parametrize("make", SCHEDULERS)
def test_schedule(make, name):
    ours, our_state = trace(rl, make, name)
    theirs, their_state = trace(torch, make, name)
    assert ours == theirs
    assert our_state == their_state


@pytest.mark.parametrize("make", SCHEDULERS)
def test_schedule_resumes_from_its_state(make):
    optimizer = two_groups(rl)
    scheduler = make(rl, optimizer)
    for _ in range(7):
        optimizer.step()
        scheduler.step()
    saved = scheduler.state_dict(), optimizer.state_dict()

    again = two_groups(rl)
    resumed = make(rl, again)
    resumed.load_state_dict(saved[0])
    again.load_state_dict(saved[1])
    for _ in range(7):
        optimizer.step()
        again.step()
        scheduler.step()
        resumed.step()
        assert observe(optimizer, scheduler) == observe(again, resumed)


@pytest.mark.parametrize("make", SCHEDULERS[:18])
def test_schedule_at_a_given_epoch(make):
    results = []
    for lib in (rl, torch):
        optimizer = two_groups(lib)
        scheduler = make(lib, optimizer)
        rows = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for epoch in (4, 9, 2):
                optimizer.step()
                scheduler.step(epoch)
                rows.append(observe(optimizer, scheduler))
        results.append(rows)
    assert results[0] == results[1]


@pytest.mark.parametrize("make", SCHEDULERS[:6])
def test_last_epoch_resumes(make):
    results = []
    for lib in (rl, torch):
        optimizer = two_groups(lib)
        for group in optimizer.param_groups:
            group["initial_lr"] = group["lr"]
        schedulers = lib.optim.lr_scheduler
        scheduler = schedulers.CosineAnnealingLR(optimizer, T_max=5, last_epoch=3)
        rows = []
        for _ in range(5):
            optimizer.step()
            scheduler.step()
            rows.append(observe(optimizer, scheduler))
        results.append(rows)
    assert results[0] == results[1]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"mode": "max", "factor": 0.5, "patience": 1},
        {"threshold_mode": "abs", "threshold": 0.2, "patience": 0, "cooldown": 2},
        {"min_lr": 0.05, "patience": 0},
        {"mode": "max", "threshold_mode": "abs", "patience": 2, "min_lr": [0.01, 0.02]},
    ],
)
def test_reduce_on_plateau(options):
    metrics = [1.0, 0.9, 0.95, 0.94, 0.93, 0.8, 0.81, 0.82, 0.7, 0.7, 0.71, 0.72, 0.69, 0.9] * 2
    results = []
    for lib in (rl, torch):
        optimizer = two_groups(lib)
        scheduler = lib.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
        rows = []
        for metric in metrics:
            scheduler.step(lib.tensor(metric))
            rows.append(observe(optimizer, scheduler))
        results.append((rows, scheduler.state_dict()))
    assert results[0] == results[1]


# ------------------------------------------------------------------------- errors and their wording


def bad_calls(lib):
    param = lib.tensor([1.0, 2.0], requires_grad=True)
    optim, schedulers = lib.optim, lib.optim.lr_scheduler
    sgd = optim.SGD([param], lr=0.1)
    adagrad = optim.Adagrad([param])
    yield "tensor", lambda: optim.SGD(param)
    yield "number", lambda: optim.SGD([param * 1, 3])
    yield "not a tensor", lambda: optim.SGD([param, 3])
    yield "list", lambda: optim.SGD([[param]])
    yield "empty", lambda: optim.SGD([])
    yield "non leaf", lambda: optim.SGD([param * 2])
    yield "set", lambda: optim.SGD([{"params": {param}}])
    yield "twice", lambda: optim.SGD([{"params": [param]}, {"params": [param]}])
    yield "duplicate", lambda: optim.SGD([param, param])
    yield "no params", lambda: optim.SGD([{"lr": 1.0}])
    yield "not a dict", lambda: sgd.add_param_group([param])
    yield "half named", lambda: optim.SGD([("a", param), lib.tensor(1.0)])
    yield (
        "unnamed group",
        lambda: optim.SGD([("a", param)]).add_param_group({"params": [lib.tensor(1.0)]}),
    )
    yield "base step", lambda: optim.Optimizer([param], {}).step()
    yield "lr tensor", lambda: optim.SGD([param], lr=lib.tensor([1.0, 2.0]))
    yield "nesterov", lambda: optim.SGD([param], nesterov=True)
    yield "momentum", lambda: optim.SGD([param], momentum=-1)
    yield "fused foreach", lambda: optim.SGD([param], fused=True, foreach=True)
    yield "fused differentiable", lambda: optim.Adam([param], fused=True, differentiable=True)
    yield "tensor lr", lambda: optim.Adam([param], foreach=True, lr=lib.tensor(0.1))
    yield "int beta", lambda: optim.Adam([param], betas=(0, 0.9))
    yield "rho", lambda: optim.Adadelta([param], rho=2)
    yield "etas", lambda: optim.Rprop([param], etas=(1.5, 1.2))
    yield "alpha", lambda: optim.RMSprop([param], alpha=-1)
    yield "lr_decay", lambda: optim.Adagrad([param], lr_decay=-1)
    yield "accumulator", lambda: optim.Adagrad([param], initial_accumulator_value=-1)
    yield "momentum_decay", lambda: optim.NAdam([param], momentum_decay=-1)
    yield "lbfgs groups", lambda: optim.LBFGS([{"params": param}, {"params": lib.tensor(1.0)}])
    yield "lbfgs closure", lambda: optim.LBFGS([param]).step()
    for name in OPTIONS:
        yield f"{name} lr", lambda name=name: getattr(optim, name)([param], lr=-1)
        if "betas" in adagrad.defaults or name in ("Adam", "AdamW", "Adamax", "NAdam", "RAdam"):
            yield (
                f"{name} beta",
                lambda name=name: getattr(optim, name)([param], betas=(0.9, 1.0)),
            )
        if "weight_decay" in OPTIONS[name]:
            yield (
                f"{name} decay",
                lambda name=name: getattr(optim, name)([param], weight_decay=-1),
            )
        if name not in ("SGD", "Rprop", "ASGD"):
            yield f"{name} eps", lambda name=name: getattr(optim, name)([param], eps=-1)
    yield (
        "number of groups",
        lambda: sgd.load_state_dict(two_groups(lib).state_dict()),
    )
    yield (
        "size of groups",
        lambda: sgd.load_state_dict(optim.SGD([param, lib.tensor(1.0)]).state_dict()),
    )
    yield "not an optimizer", lambda: schedulers.StepLR(3, 1)
    yield "resume", lambda: schedulers.StepLR(optim.SGD([param]), 1, last_epoch=2)
    yield "lambdas", lambda: schedulers.LambdaLR(sgd, [halves, halves])
    yield "no function", lambda: schedulers.MultiplicativeLR(sgd, 3)
    yield "constant", lambda: schedulers.ConstantLR(sgd, 2)
    yield "linear start", lambda: schedulers.LinearLR(sgd, 0)
    yield "linear end", lambda: schedulers.LinearLR(sgd, 1, 2)
    yield "T_0", lambda: schedulers.CosineAnnealingWarmRestarts(sgd, 0)
    yield "T_mult", lambda: schedulers.CosineAnnealingWarmRestarts(sgd, 1, 0)
    yield "eta_min", lambda: schedulers.CosineAnnealingWarmRestarts(sgd, 1, 1, "x")
    yield "cyclic mode", lambda: schedulers.CyclicLR(sgd, 0.1, 0.2, mode="x")
    yield "cyclic momentum", lambda: schedulers.CyclicLR(adagrad, 0.1, 0.2)
    yield "cyclic list", lambda: schedulers.CyclicLR(sgd, 0.1, [0.2, 0.3])
    yield "one cycle", lambda: schedulers.OneCycleLR(sgd, 0.1)
    yield "one cycle steps", lambda: schedulers.OneCycleLR(sgd, 0.1, total_steps=0)
    yield "one cycle epochs", lambda: schedulers.OneCycleLR(sgd, 0.1, epochs=0, steps_per_epoch=1)
    yield "one cycle start", lambda: schedulers.OneCycleLR(sgd, 0.1, total_steps=5, pct_start=2.0)
    yield (
        "one cycle strategy",
        lambda: schedulers.OneCycleLR(sgd, 0.1, total_steps=5, anneal_strategy="x"),
    )
    yield "plateau factor", lambda: schedulers.ReduceLROnPlateau(sgd, factor=1.0)
    yield "plateau mode", lambda: schedulers.ReduceLROnPlateau(sgd, mode="x")
    yield "plateau threshold", lambda: schedulers.ReduceLROnPlateau(sgd, threshold_mode="x")
    yield "plateau min", lambda: schedulers.ReduceLROnPlateau(sgd, min_lr=[0.1, 0.2])
    yield "no schedulers", lambda: schedulers.SequentialLR(sgd, [], [])
    yield "no chained", lambda: schedulers.ChainedScheduler([])
    yield (
        "plateau in a chain",
        lambda: schedulers.ChainedScheduler([schedulers.ReduceLROnPlateau(sgd)]),
    )
    yield "milestones", lambda: schedulers.SequentialLR(sgd, [schedulers.StepLR(sgd, 1)], [2])


ERRORS = [name for name, _ in bad_calls(torch)]


def outcome(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            call()
        except Exception as error:  # the type is what is compared
            return type(error), str(error)
    return [(entry.category, str(entry.message)) for entry in caught]


@pytest.mark.parametrize("name", ERRORS)
def test_same_error(name):
    ours = outcome(dict(bad_calls(rl))[name])
    theirs = outcome(dict(bad_calls(torch))[name])
    assert theirs, "PyTorch accepts this"
    assert ours[0] == theirs[0]
    assert str(ours[1:]).replace("rushlight", "torch") == str(theirs[1:])
