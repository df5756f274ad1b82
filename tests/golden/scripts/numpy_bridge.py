"""Memory shared with NumPy, conversions both ways, and tensors inside NumPy and matplotlib calls."""

import numpy as np
import torch

a = np.arange(6, dtype=np.float32).reshape(2, 3)
t = torch.from_numpy(a)
t[0, 0] = 100
a[1] = -1
print(
    t, a, t.dtype, t.stride(), torch.from_numpy(a.T).stride(), torch.from_numpy(a[:, ::2]).stride()
)
b = t.numpy()
b += 1
print(t, b is a, np.shares_memory(a, b), b.flags.writeable)
t.mul_(2)
print(a)
t[:, 1] = 7
print(b)
view = t[1].numpy()
view[:] = 3
print(t, a)
c = torch.tensor(a)
d = torch.as_tensor(a)
e = torch.as_tensor(a, dtype=torch.float64)
a[0] = 0
print(c[0], d[0], e[0])
f = t.clone().numpy()
f[:] = 9
print(t.max())
g = np.array(t)
h = np.asarray(t)
a[0, 0] = 55
print(g[0, 0], h[0, 0])
print(
    torch.from_numpy(np.array(3.5)),
    torch.tensor(np.float64(2.5)),
    torch.tensor(np.int32(7)).dtype,
    torch.tensor(np.array([True, False])),
    torch.tensor(np.bool_(True)),
)
for dtype in ("uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "bool"):
    x = torch.from_numpy(np.ones(2, dtype=dtype))
    print(dtype, x.dtype, x.numpy().dtype, torch.tensor(np.ones(2, dtype=dtype)).dtype)
print(
    torch.tensor([np.array([1, 2]), np.array([3, 4])]),
    torch.tensor([[1, 2], [3, 4]]).numpy().tolist(),
    torch.Tensor(np.array([1, 2])),
    torch.FloatTensor(np.ones(2, dtype=np.float32)),
)
x = torch.ones(3)
y = np.ones(3)
print(
    type(np.add(y, x.numpy())).__name__,
    np.sum(x.numpy()).dtype,
    np.mean(np.array([1.0, 2.0])) + x,
    x + np.float32(1),
    x * np.int64(2),
    x / np.float64(2),
)
print(
    torch.ones(2) + torch.from_numpy(np.array([1.0, 2.0], dtype=np.float32)),
    x[np.argmax(y)],
    np.array([x.sum().item(), 1]),
    float(np.array(x.sum())),
)
print(
    np.concatenate([x.numpy(), y]),
    np.stack([x, x]).shape,
    np.array([torch.tensor(1), torch.tensor(2)]),
    np.mean([torch.tensor(1.0), torch.tensor(3.0)]),
)
r = torch.ones(2, requires_grad=True)
print(r.detach().numpy(), r.data.numpy(), (r * 2).detach().cpu().numpy(), r.tolist())
s = r.detach().numpy()
s[0] = 5
print(r)
m = torch.arange(6).reshape(2, 3)
print(
    m.t().numpy().strides,
    m[:, 1].numpy(),
    m[::1, ::2].numpy().tolist(),
    m.numpy().T.tolist(),
    m.expand(2, 2, 3).numpy().shape,
)
print(
    np.allclose(torch.ones(2).numpy(), [1, 1]),
    np.array_equal(m.numpy(), [[0, 1, 2], [3, 4, 5]]),
    (m.numpy() > 2).sum(),
    np.where(m.numpy() > 2)[0],
)
n = torch.zeros(4)
n.numpy()[1] = 8
n[2:].numpy().fill(4)
print(n, n.sum())
buffer = np.zeros(3, dtype=np.float32)
out = torch.from_numpy(buffer)
torch.add(torch.ones(3), 2, out=out)
print(buffer)
out.copy_(torch.tensor([7.0, 8.0, 9.0]))
print(buffer, torch.frombuffer(bytearray(b"\x01\x02\x03"), dtype=torch.uint8))
import math
from PIL import Image

image = Image.fromarray((np.arange(12).reshape(3, 4) * 20).astype(np.uint8))
print(
    torch.from_numpy(np.array(image)),
    np.array(image).dtype,
    torch.tensor(np.array(image)).float().div(255).max(),
)
print(
    torch.from_numpy(np.array(image, dtype=np.float32)[None]).permute(1, 2, 0).shape,
    Image.fromarray(torch.ones(2, 3, dtype=torch.uint8).numpy()).size,
)
print(
    torch.tensor([1.0, 2.0]).__array__().dtype,
    memoryview(torch.ones(2).numpy()).nbytes,
    len(torch.ones(2).numpy().tobytes()),
)
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, 2)
picture = axes[0].imshow(torch.rand(4, 4), cmap="gray")
(line,) = axes[1].plot(torch.arange(5), torch.arange(5.0) ** 2, label="squares")
axes[1].hist(torch.arange(10.0), bins=2)
axes[1].scatter(torch.ones(3), torch.zeros(3))
axes[1].set_title(f"loss {torch.tensor(0.5):.2f}")
print(picture.get_array().shape, line.get_ydata(), len(axes[1].patches), axes[1].get_title())
plt.plot([torch.tensor(1.0), torch.tensor(2.0)])
plt.close("all")
