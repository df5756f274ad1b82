"""Old idioms, anomaly detection and labelled timing."""

from __future__ import annotations

import pytest

import rushlight as rl
from rushlight.autograd import Variable, profiler


def test_variable_is_a_tensor():
    t = rl.ones(2)
    v = Variable(t, requires_grad=True)
    assert type(v) is rl.Tensor
    assert v.requires_grad
    assert not t.requires_grad
    assert isinstance(t, Variable)
    v.data[0] = 5
    assert t[0] == 5
    with pytest.raises(TypeError, match="Variable data has to be a tensor, but got list"):
        Variable([1, 2])


def test_volatile_only_warns():
    with pytest.warns(UserWarning, match="volatile was removed and now has no effect"):
        v = Variable(rl.ones(2), volatile=True)
    with pytest.warns(UserWarning, match="Variable.volatile is always False"):
        assert v.volatile is False


def test_anomaly_detection_names_the_forward_line():
    x = rl.tensor([-1.0], requires_grad=True)
    with pytest.warns(UserWarning, match="Anomaly Detection has been enabled"):
        context = rl.autograd.detect_anomaly()
    with context:
        assert rl.is_anomaly_enabled()
        y = x.sqrt().sum()
        with (
            pytest.warns(UserWarning, match=r"(?s)Error detected in SqrtBackward0.*y = x.sqrt\(\)"),
            pytest.raises(
                RuntimeError, match="'SqrtBackward0' returned nan values in its 0th output"
            ),
        ):
            y.backward()
    assert not rl.is_anomaly_enabled()
    with rl.autograd.set_detect_anomaly(True, check_nan=False):
        x.sqrt().sum().backward()
    assert x.grad.isnan().all()


def test_labelled_regions_are_timed():
    with profiler.profile() as p:
        for _ in range(2):
            with profiler.record_function("product"):
                rl.ones(8, 8) @ rl.ones(8, 8)
    events = {e.key: e for e in p.key_averages()}
    assert events["product"].count == 2
    assert 0 < events["product"].cpu_time_total <= events["[total]"].cpu_time_total
    assert "product" in p.key_averages().table()


def test_forward_mode_says_that_it_is_missing():
    from rushlight.autograd import forward_ad

    with pytest.raises(NotImplementedError, match="no forward-mode"):
        forward_ad.dual_level()
