"""A tiny model of spelling: from three letters the next one, by an Embedding and two linear layers."""

import os

import torch
import torch.nn.functional as F

STEPS = int(os.environ.get("EXAMPLE_STEPS", 2000))

NAMES = (
    "ada alan alonzo barbara claude dennis donald edsger frances grace hedy john kathleen katherine ken "
    "konrad linus margaret niklaus radia richard robin shafi stephen tim tony vint whitfield"
).split()

torch.manual_seed(2147483647)
letters = sorted(set("".join(NAMES)))
stoi = {letter: index + 1 for index, letter in enumerate(letters)}
stoi["."] = 0
itos = {index: letter for letter, index in stoi.items()}
block_size = 3

X, Y = [], []
for name in NAMES:
    context = [0] * block_size
    for letter in name + ".":
        X.append(context)
        Y.append(stoi[letter])
        context = context[1:] + [stoi[letter]]
X, Y = torch.tensor(X), torch.tensor(Y)
print(len(itos), X.shape, X.dtype, Y.shape)
print(
    ["".join(itos[i] for i in row.tolist()) + "->" + itos[y.item()] for row, y in zip(X[:4], Y[:4])]
)

print("\ncounting pairs")
N = torch.zeros((len(itos), len(itos)), dtype=torch.int32)
for name in NAMES:
    padded = ["."] + list(name) + ["."]
    for first, second in zip(padded, padded[1:]):
        N[stoi[first], stoi[second]] += 1
P = (N + 1).float()
P /= P.sum(1, keepdims=True)
print(N[0], f"{P[0].sum():.4f}")

print("\nlearning")
C = torch.nn.Embedding(len(itos), 4)
W1 = torch.nn.Linear(4 * block_size, 48)
W2 = torch.nn.Linear(48, len(itos))
parameters = [*C.parameters(), *W1.parameters(), *W2.parameters()]
print(sum(p.nelement() for p in parameters))
for step in range(STEPS):
    ix = torch.randint(0, X.shape[0], (32,))
    emb = C(X[ix])
    h = torch.tanh(W1(emb.view(-1, 4 * block_size)))
    logits = W2(h)
    loss = F.cross_entropy(logits, Y[ix])
    for p in parameters:
        p.grad = None
    loss.backward()
    for p in parameters:
        p.data += -0.1 * p.grad
    if step % 10 == 0:
        print(f"{step:5d} {loss.item():.4f}")

print("\ninventing")
g = torch.Generator().manual_seed(2147483647 + 10)
for _ in range(5):
    out, context = [], [0] * block_size
    while len(out) < 12:
        with torch.no_grad():
            logits = W2(torch.tanh(W1(C(torch.tensor([context])).view(1, -1))))
        probs = F.softmax(logits, dim=1)
        ix = torch.multinomial(probs, num_samples=1, generator=g).item()
        context = context[1:] + [ix]
        out.append(itos[ix])
        if ix == 0:
            break
    print("".join(out))
