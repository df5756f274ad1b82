"""A third-order polynomial fitted to a sine with NumPy alone: the gradient is written by hand."""

import math
import os

import numpy as np

STEPS = int(os.environ.get("EXAMPLE_STEPS", 2000))

rng = np.random.RandomState(0)
x = np.linspace(-math.pi, math.pi, 2000)
y = np.sin(x)
a, b, c, d = rng.randn(4)

learning_rate = 1e-6
for t in range(STEPS):
    y_pred = a + b * x + c * x**2 + d * x**3
    loss = np.square(y_pred - y).sum()
    if t % 100 == 99 or t < 3:
        print(t, f"{loss:.6f}")
    grad_y_pred = 2.0 * (y_pred - y)
    a -= learning_rate * grad_y_pred.sum()
    b -= learning_rate * (grad_y_pred * x).sum()
    c -= learning_rate * (grad_y_pred * x**2).sum()
    d -= learning_rate * (grad_y_pred * x**3).sum()

print(f"Result: y = {a:.6f} + {b:.6f} x + {c:.6f} x^2 + {d:.6f} x^3")
