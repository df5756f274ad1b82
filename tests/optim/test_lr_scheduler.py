"""Learning-rate schedulers: warnings, resuming, and what the state holds."""

from __future__ import annotations

import gc
import math
import pickle
import weakref

import pytest

import rushlight as rl
from rushlight import optim
from rushlight.optim import lr_scheduler


def sgd(lr=0.1, **options):
    return optim.SGD([rl.zeros(1, requires_grad=True)], lr=lr, **options)


def rates(scheduler, optimizer, steps):
    result = [optimizer.param_groups[0]["lr"]]
    for _ in range(steps):
        optimizer.step()
        scheduler.step()
        result.append(optimizer.param_groups[0]["lr"])
    return result


def test_step_lr():
    optimizer = sgd()
    scheduler = lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    assert rates(scheduler, optimizer, 4) == pytest.approx([0.1, 0.1, 0.05, 0.05, 0.025])
    assert scheduler.last_epoch == 4
    assert scheduler.get_last_lr() == [optimizer.param_groups[0]["lr"]]
    assert optimizer.param_groups[0]["initial_lr"] == 0.1


def test_cosine_annealing_ends_at_its_minimum():
    optimizer = sgd()
    scheduler = lr_scheduler.CosineAnnealingLR(optimizer, T_max=10, eta_min=0.01)
    values = rates(scheduler, optimizer, 10)
    expected = [0.01 + 0.09 * (1 + math.cos(math.pi * n / 10)) / 2 for n in range(11)]
    assert values == pytest.approx(expected)


def test_one_cycle_peaks():
    optimizer = sgd(momentum=0.9)
    scheduler = lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=11, pct_start=0.5)
    values = rates(scheduler, optimizer, 10)
    assert values[0] == pytest.approx(1 / 25)
    assert max(values) == pytest.approx(1.0, abs=0.05)
    assert values[-1] == pytest.approx(1 / 25 / 1e4)
    optimizer.step()
    scheduler.step()
    optimizer.step()
    with pytest.raises(ValueError, match="Tried to step 12 times"):
        scheduler.step()


def test_order_of_calls_is_checked():
    optimizer = sgd()
    scheduler = lr_scheduler.StepLR(optimizer, 1)
    with pytest.warns(UserWarning, match=r"`lr_scheduler.step\(\)` before `optimizer.step\(\)`"):
        scheduler.step()
    scheduler.step()  # said once


def test_a_replaced_step_is_noticed():
    optimizer = sgd()
    scheduler = lr_scheduler.StepLR(optimizer, 1)
    optimizer.step = lambda: None
    with pytest.warns(UserWarning, match="has been overridden after learning rate scheduler"):
        scheduler.step()


def test_get_lr_is_for_step():
    scheduler = lr_scheduler.ExponentialLR(sgd(), 0.5)
    with pytest.warns(UserWarning, match="please use `get_last_lr"):
        scheduler.get_lr()


def test_epoch_is_deprecated():
    optimizer = sgd()
    scheduler = lr_scheduler.ExponentialLR(optimizer, 0.5)
    optimizer.step()
    with pytest.warns(UserWarning, match="The epoch parameter in `scheduler.step"):
        scheduler.step(3)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.1 * 0.5**3)


def test_verbose_is_gone():
    with pytest.raises(TypeError, match="verbose"):
        lr_scheduler.StepLR(sgd(), 1, verbose=True)


def test_resuming_needs_the_initial_rate():
    with pytest.raises(KeyError, match="initial_lr"):
        lr_scheduler.StepLR(sgd(), 1, last_epoch=3)


class Halving:
    """A rule with a state, which is saved."""

    def __init__(self):
        self.calls = 0

    def __call__(self, epoch):
        self.calls += 1
        return 0.5**epoch


def test_attributes_of_callables_are_saved():
    optimizer = sgd()
    scheduler = lr_scheduler.LambdaLR(optimizer, Halving())
    rates(scheduler, optimizer, 3)
    saved = scheduler.state_dict()
    assert saved["lr_lambdas"] == [{"calls": 4}]
    assert "optimizer" not in saved

    again = lr_scheduler.LambdaLR(sgd(), Halving())
    again.load_state_dict(saved)
    assert again.lr_lambdas[0].calls == 4
    assert again.last_epoch == 3
    assert saved["lr_lambdas"] == [{"calls": 4}]


def test_functions_are_not_saved():
    scheduler = lr_scheduler.LambdaLR(sgd(), lambda epoch: 1.0)
    assert scheduler.state_dict()["lr_lambdas"] == [None]
    pickle.dumps(scheduler.state_dict())


def test_a_tensor_rate_is_written_into():
    lr = rl.tensor(1.0)
    optimizer = sgd(lr=lr)
    scheduler = lr_scheduler.ExponentialLR(optimizer, 0.5)
    optimizer.step()
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] is lr
    assert lr.item() == 0.5
    assert scheduler.base_lrs[0].item() == 1.0


def test_new_groups_take_the_default_minimum():
    optimizer = sgd()
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, factor=0.5)
    optimizer.add_param_group({"params": [rl.zeros(1, requires_grad=True)], "lr": 0.2})
    scheduler.step(1.0)
    scheduler.step(1.0)
    assert scheduler.get_last_lr() == [0.05, 0.1]


def test_users_can_write_schedulers():
    class Constant(lr_scheduler.LRScheduler):
        def get_lr(self):
            return [7.0 for _ in self.base_lrs]

    optimizer = sgd()
    Constant(optimizer)
    assert optimizer.param_groups[0]["lr"] == 7.0


def test_watching_the_steps_makes_no_cycle():
    gc.collect()
    gc.disable()
    try:
        optimizer = sgd()
        scheduler = lr_scheduler.StepLR(optimizer, 1)
        gone = weakref.ref(optimizer)
        del optimizer, scheduler
        assert gone() is None
    finally:
        gc.enable()
