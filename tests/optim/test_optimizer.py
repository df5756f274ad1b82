"""What all optimizers share: groups, state dicts, hooks, copies, and how a step is run."""

from __future__ import annotations

import copy
import pickle

import pytest

import rushlight as rl
from rushlight import optim
from rushlight.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)

ALL = [
    (optim.SGD, {}),
    (optim.SGD, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    (optim.Adam, {"amsgrad": True}),
    (optim.AdamW, {}),
    (optim.RMSprop, {"centered": True, "momentum": 0.5}),
    (optim.Adagrad, {}),
    (optim.Adadelta, {}),
    (optim.Adamax, {}),
    (optim.NAdam, {}),
    (optim.RAdam, {}),
    (optim.Rprop, {}),
    (optim.ASGD, {}),
]
each_optimizer = pytest.mark.parametrize(("cls", "options"), ALL)


def parameter(*values):
    return rl.tensor(values, requires_grad=True)


def descend(optimizer, params, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        sum((param**2).sum() for param in params).backward()
        optimizer.step()


# ---------------------------------------------------------------------------------------- numbers


def test_sgd_by_hand():
    p = parameter(1.0, -2.0)
    optimizer = optim.SGD([p], lr=0.5, momentum=0.5)
    p.grad = rl.tensor([1.0, 2.0])
    optimizer.step()
    assert p.tolist() == [0.5, -3.0]
    optimizer.step()
    assert p.tolist() == [-0.25, -4.5]
    assert optimizer.state[p]["momentum_buffer"].tolist() == [1.5, 3.0]


def test_adam_by_hand():
    p = parameter(1.0)
    optimizer = optim.Adam([p], lr=0.1)
    p.grad = rl.tensor([4.0])
    optimizer.step()
    assert p.item() == pytest.approx(0.9)
    state = optimizer.state[p]
    assert state["step"].item() == 1.0
    assert state["exp_avg"].item() == pytest.approx(0.4)
    assert state["exp_avg_sq"].item() == pytest.approx(0.016)


@each_optimizer
def test_minimises_a_parabola(cls, options):
    p = parameter(3.0, -2.0)
    optimizer = cls([p], lr=1.0 if cls is optim.Adadelta else 0.05, **options)
    before = (p**2).sum().item()
    descend(optimizer, [p], 20)
    assert (p**2).sum().item() < before


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_lbfgs_solves_a_quadratic(search):
    scale = rl.tensor([1.0, 10.0, 100.0])
    p = parameter(1.0, 1.0, 1.0)
    optimizer = optim.LBFGS([p], lr=0.5, max_iter=60, line_search_fn=search)

    def closure():
        optimizer.zero_grad()
        loss = (scale * p**2).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == pytest.approx(111.0)
    assert (scale * p**2).sum().item() < 1e-6


def test_lbfgs_refuses_an_unknown_line_search():
    p = parameter(1.0)
    with pytest.raises(RuntimeError, match="only 'strong_wolfe' is supported"):
        optim.LBFGS([p], line_search_fn="armijo").step(lambda: (p**2).sum())


def test_lr_may_be_a_tensor():
    p = parameter(1.0)
    lr = rl.tensor(0.5)
    optimizer = optim.SGD([p], lr=lr)
    p.grad = rl.tensor([1.0])
    optimizer.step()
    lr.fill_(0.25)
    optimizer.step()
    assert p.item() == 0.25


def test_differentiable_steps_reach_the_learning_rate():
    lr = rl.tensor(0.1, requires_grad=True)
    start = parameter(2.0)
    p = start.clone()
    p.retain_grad()
    p.grad = rl.tensor([4.0])
    optim.SGD([p], lr=lr, differentiable=True).step()
    (p**2).sum().backward()
    # d/dlr (2 - 4 lr)^2 = -8 (2 - 4 lr)
    assert lr.grad.item() == pytest.approx(-12.8)


def test_parameters_without_gradient_stay():
    p, q = parameter(1.0), parameter(1.0)
    optimizer = optim.Adam([p, q])
    p.grad = rl.tensor([1.0])
    optimizer.step()
    assert q.item() == 1.0
    assert list(optimizer.state) == [p]


# ----------------------------------------------------------------------------------- how it is run


def training_programs(optimizer, params, steps, lr=None):
    """Programs and bindings that further steps add, each with a new learning rate."""
    before = rl.counters.as_dict()
    for step in range(steps):
        if lr is not None:
            optimizer.param_groups[0]["lr"] = lr * 0.9**step
        descend(optimizer, params, 1)
    after = rl.counters.as_dict()
    return {name: after[name] - before[name] for name in ("programs", "bindings", "flushes")}


@each_optimizer
def test_steady_state_makes_no_new_programs(cls, options):
    params = [rl.rand(4, 3).requires_grad_(), rl.rand(3).requires_grad_()]
    optimizer = cls(params, **options)
    # RAdam changes its formula once, after the fifth step.
    descend(optimizer, params, 8 if cls is optim.RAdam else 3)
    made = training_programs(optimizer, params, 10, lr=0.01)
    assert made["programs"] == 0
    assert made["bindings"] == 0


@each_optimizer
def test_a_step_is_run_at_once_and_whole(cls, options):
    params = [rl.rand(4, 3).requires_grad_(), rl.rand(3).requires_grad_()]
    optimizer = cls(params, **options)
    descend(optimizer, params, 3)
    assert training_programs(optimizer, params, 5)["flushes"] == 5


def test_looking_at_the_state_changes_nothing_about_the_next_step():
    params = [rl.rand(4, 3).requires_grad_()]
    optimizer = optim.Adam(params)
    descend(optimizer, params, 3)
    str(optimizer.state_dict())
    optimizer.state[params[0]]["step"].numpy()
    assert training_programs(optimizer, params, 5)["flushes"] == 5


def test_step_runs_pending_work():
    p = parameter(1.0)
    running = rl.tensor(0.0)
    optimizer = optim.SGD([p], lr=0.1)
    descend(optimizer, [p], 2)
    before = rl.counters.nodes
    for _ in range(50):
        running += (p.detach() * 2).sum()
        descend(optimizer, [p], 1)
    per_step = (rl.counters.nodes - before) / 50
    assert per_step < 40
    assert running.item() > 0


# -------------------------------------------------------------------------------------- state dicts


@each_optimizer
def test_a_loaded_state_continues_bitwise(cls, options):
    p = parameter(1.0, -2.0, 0.5)
    optimizer = cls([p], **options)
    descend(optimizer, [p], 7)

    q = p.detach().clone().requires_grad_()
    again = cls([q], lr=77.0, **options)
    again.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    descend(optimizer, [p], 7)
    descend(again, [q], 7)
    assert p.tolist() == q.tolist()


def test_a_loaded_state_is_shared_as_in_pytorch():
    p, q = parameter(1.0), parameter(1.0)
    optimizer, other = optim.Adam([p]), optim.Adam([q])
    descend(optimizer, [p], 2)
    step = optimizer.state[p]["step"]
    other.load_state_dict(optimizer.state_dict())
    assert other.state[q]["step"] is step
    descend(other, [q], 3)
    assert optimizer.state[p]["step"].item() == step.item() == 5.0


def test_state_dict_numbers_the_parameters():
    p, q, r = parameter(1.0), parameter(2.0), parameter(3.0)
    optimizer = optim.SGD([{"params": [p, q]}, {"params": r, "lr": 0.5}], lr=0.1, momentum=0.9)
    r.grad = rl.tensor([1.0])
    optimizer.step()
    saved = optimizer.state_dict()
    assert [group["params"] for group in saved["param_groups"]] == [[0, 1], [2]]
    assert [group["lr"] for group in saved["param_groups"]] == [0.1, 0.5]
    assert list(saved["state"]) == [2]
    assert saved["state"][2]["momentum_buffer"].tolist() == [1.0]


def test_loading_casts_the_state_but_not_the_step():
    p = rl.zeros(2, dtype=rl.float64, requires_grad=True)
    optimizer = optim.Adam([p])
    state = {
        "step": rl.tensor(3.0),
        "exp_avg": rl.ones(2),
        "exp_avg_sq": rl.ones(2),
        "extra": [rl.ones(1), {"deep": rl.ones(1)}, "text", 4],
    }
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": {0: state, "global": 1}, "param_groups": groups})
    loaded = optimizer.state[p]
    assert loaded["step"].dtype == rl.float32
    assert loaded["exp_avg"].dtype == rl.float64
    assert loaded["extra"][0].dtype == rl.float64
    assert loaded["extra"][1]["deep"].dtype == rl.float64
    assert loaded["extra"][2:] == ["text", 4]
    assert optimizer.state["global"] == 1


def test_steps_of_old_versions_were_numbers():
    p = parameter(1.0)
    optimizer = optim.Adam([p])
    state = {"step": 3, "exp_avg": rl.ones(1), "exp_avg_sq": rl.ones(1)}
    group = {"params": [0], "lr": 0.1, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0}
    optimizer.load_state_dict({"state": {0: state}, "param_groups": [group]})
    assert optimizer.state[p]["step"].dtype == rl.float32
    assert optimizer.param_groups[0]["amsgrad"] is False
    p.grad = rl.ones(1)
    optimizer.step()
    assert optimizer.state[p]["step"].item() == 4.0


def test_adamw_stays_decoupled_with_a_state_of_adam():
    p = parameter(1.0)
    optimizer = optim.AdamW([p])
    optimizer.load_state_dict(optim.Adam([parameter(1.0)]).state_dict())
    assert optimizer.param_groups[0]["decoupled_weight_decay"] is True


@each_optimizer
def test_copies_and_pickles_continue_on_their_own(cls, options):
    p = parameter(1.0, 2.0)
    optimizer = cls([p], **options)
    descend(optimizer, [p], 3)
    twin_p, twin = copy.deepcopy((p, optimizer))
    assert twin.param_groups[0]["params"][0] is twin_p
    assert repr(twin) == repr(optimizer)
    descend(twin, [twin_p], 3)
    assert p.tolist() != twin_p.tolist()
    descend(optimizer, [p], 3)
    assert p.tolist() == twin_p.tolist()

    restored = pickle.loads(pickle.dumps(optimizer))
    (restored_p,) = restored.param_groups[0]["params"]
    descend(restored, [restored_p], 2)
    descend(optimizer, [p], 2)
    assert restored_p.tolist() == p.tolist()


# -------------------------------------------------------------------------- groups and gradients


def test_repr_lists_the_options_of_each_group():
    optimizer = optim.SGD([{"params": parameter(1.0)}, {"params": parameter(2.0), "lr": 1}], lr=0.1)
    lines = repr(optimizer).splitlines()
    assert lines[:3] == ["SGD (", "Parameter Group 0", "    dampening: 0"]
    assert lines.count("    lr: 0.1") == 1
    assert lines.count("    lr: 1") == 1
    assert lines[-1] == ")"


def test_named_parameters_keep_their_names():
    optimizer = optim.SGD([("a", parameter(1.0)), ("b", parameter(2.0))])
    assert optimizer.param_groups[0]["param_names"] == ["a", "b"]
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["a", "b"]
    plain = optim.SGD([parameter(1.0), parameter(2.0)]).state_dict()
    optimizer.load_state_dict(plain)
    assert optimizer.param_groups[0]["param_names"] == ["a", "b"]


def test_groups_can_be_added_later():
    optimizer = optim.SGD([parameter(1.0)], lr=0.1)
    q = parameter(2.0)
    optimizer.add_param_group({"params": q, "lr": 0.5})
    q.grad = rl.tensor([1.0])
    optimizer.step()
    assert q.item() == 1.5
    assert optimizer.param_groups[1]["momentum"] == 0


def test_zero_grad():
    p = parameter(1.0)
    optimizer = optim.SGD([p])
    grad = p.grad = rl.tensor([3.0])
    optimizer.zero_grad(set_to_none=False)
    assert p.grad is grad
    assert grad.tolist() == [0.0]
    optimizer.zero_grad()
    assert p.grad is None


def test_zero_grad_detaches():
    p = parameter(2.0)
    (p**3).sum().backward(create_graph=True)
    assert p.grad.grad_fn is not None
    optim.SGD([p]).zero_grad(set_to_none=False)
    assert p.grad.grad_fn is None
    assert p.grad.tolist() == [0.0]


def test_closure_runs_with_gradients_and_returns_the_loss():
    p = parameter(2.0)
    optimizer = optim.SGD([p], lr=0.25)

    def closure():
        optimizer.zero_grad()
        loss = (p**2).sum()
        loss.backward()
        return loss

    with rl.no_grad():
        assert optimizer.step(closure).item() == 4.0
    assert p.item() == 1.0
    assert optimizer.step() is None


def test_update_records_no_history():
    p = parameter(1.0)
    optimizer = optim.Adam([p])
    descend(optimizer, [p], 2)
    assert p.is_leaf
    assert p.grad_fn is None
    assert not optimizer.state[p]["exp_avg"].requires_grad


# ------------------------------------------------------------------------------------------- hooks


def test_step_hooks_run_around_the_step():
    p = parameter(1.0)
    p.grad = rl.tensor([1.0])
    optimizer = optim.SGD([p], lr=1.0)
    seen = []
    handles = [
        optimizer.register_step_pre_hook(lambda *args: seen.append(("pre", p.item()))),
        optimizer.register_step_post_hook(lambda *args: seen.append(("post", p.item()))),
        register_optimizer_step_pre_hook(lambda *args: seen.append(("global pre", p.item()))),
        register_optimizer_step_post_hook(lambda *args: seen.append(("global post", p.item()))),
    ]
    optimizer.step()
    assert seen == [("global pre", 1.0), ("pre", 1.0), ("post", 0.0), ("global post", 0.0)]
    for handle in handles:
        handle.remove()
    optimizer.step()
    assert len(seen) == 4


def test_a_pre_hook_may_change_the_arguments():
    p = parameter(1.0)
    optimizer = optim.SGD([p])
    closures = []

    def replace(optimizer, args, kwargs):
        return (args[0], lambda: "replaced"), kwargs

    optimizer.register_step_pre_hook(replace)
    optimizer.register_step_post_hook(lambda optimizer, args, kwargs: closures.append(args[1]()))
    assert optimizer.step(lambda: "given") == "replaced"
    assert closures == ["replaced"]

    optimizer.register_step_pre_hook(lambda *args: 3)
    with pytest.raises(RuntimeError, match="must return None or a tuple"):
        optimizer.step()


def test_state_dict_hooks():
    p = parameter(1.0)
    optimizer = optim.SGD([p], lr=0.1)
    calls = []
    optimizer.register_state_dict_pre_hook(lambda o: calls.append("pre"))
    optimizer.register_state_dict_post_hook(lambda o, d: {**d, "more": 1})
    optimizer.register_state_dict_post_hook(lambda o, d: calls.append("first"), prepend=True)
    saved = optimizer.state_dict()
    assert calls == ["pre", "first"]
    assert saved["more"] == 1

    def change_lr(optimizer, state_dict):
        groups = copy.deepcopy(state_dict["param_groups"])
        groups[0]["lr"] = 0.5
        return {**state_dict, "param_groups": groups}

    optimizer.register_load_state_dict_pre_hook(change_lr)
    optimizer.register_load_state_dict_post_hook(lambda o: calls.append("loaded"))
    optimizer.load_state_dict(saved)
    assert calls[-1] == "loaded"
    assert optimizer.param_groups[0]["lr"] == 0.5
    assert saved["param_groups"][0]["lr"] == 0.1


class Scaled(optim.SGD):
    """A step that calls the step it inherits."""

    def step(self, closure=None):
        for group in self.param_groups:
            for param in group["params"]:
                param.grad.mul_(10)
        return super().step(closure)


class Signs(optim.Optimizer):
    """An optimizer written by a user."""

    def __init__(self, params, lr):
        super().__init__(params, {"lr": lr})

    @rl.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for param in group["params"]:
                param.sub_(group["lr"] * param.grad.sign())


@pytest.mark.parametrize(("cls", "expected"), [(Scaled, -4.0), (Signs, 0.5)])
def test_optimizers_of_users(cls, expected):
    p = parameter(1.0)
    p.grad = rl.tensor([1.0])
    optimizer = cls([p], lr=0.5)
    calls = []
    optimizer.register_step_post_hook(lambda *args: calls.append(p.item()))
    optimizer.step()
    assert calls == [expected]


def test_capturable_needs_another_device():
    p = parameter(1.0)
    p.grad = rl.ones(1)
    with pytest.raises(AssertionError, match="capturable=True, params and state_steps"):
        optim.Adam([p], capturable=True).step()
