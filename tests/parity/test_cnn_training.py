"""A small convolutional network trained by both: same initial weights, masks and losses."""

from __future__ import annotations

import numpy as np
import pytest

import rushlight
import rushlight.nn
import rushlight.optim

torch = pytest.importorskip("torch")


def train(m, steps):
    F = m.nn.functional

    class Net(m.nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = m.nn.Conv2d(1, 6, 5)
            self.conv2 = m.nn.Conv2d(6, 8, 3, stride=2, padding=1, groups=2)
            self.drop = m.nn.Dropout2d(0.3)
            self.fc1 = m.nn.Linear(72, 20)
            self.fc2 = m.nn.Linear(20, 10)

        def forward(self, x):
            x = F.relu(F.max_pool2d(self.conv1(x), 2))
            x = F.relu(self.drop(self.conv2(x)))
            x = F.avg_pool2d(x, 2, 1, padding=1, count_include_pad=False)[:, :, 1:4, 1:4]
            x = F.dropout(F.relu(self.fc1(x.flatten(1))), training=self.training)
            return F.log_softmax(self.fc2(x), dim=1)

    m.manual_seed(1)
    net = Net()
    optimizer = m.optim.SGD(net.parameters(), lr=0.05, momentum=0.5)
    rng = np.random.default_rng(0)
    losses = []
    for _ in range(steps):
        x = m.tensor(rng.standard_normal((16, 1, 14, 14)).astype(np.float32))
        y = m.tensor(rng.integers(0, 10, 16))
        optimizer.zero_grad()
        loss = F.nll_loss(net(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    net.eval()
    final = net(m.ones(2, 1, 14, 14)).detach().numpy()
    return losses, final, m.get_rng_state().numpy()


def test_the_same_training():
    theirs, ours = train(torch, 12), train(rushlight, 12)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-4)
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-3)
    np.testing.assert_array_equal(ours[2], theirs[2])
