"""Networks from books and blogs, built small: residual, configured, separable, encoder and decoder, embeddings."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class BasicBlock(nn.Module):
    expansion = 1

    def __init__(self, inplanes, planes, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(inplanes, planes, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.shortcut = nn.Identity()
        if stride != 1 or inplanes != planes:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inplanes, planes, 1, stride, bias=False), nn.BatchNorm2d(planes)
            )

    def forward(self, x):
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += self.shortcut(x)
        return self.relu(out)


class ResNet(nn.Module):
    def __init__(self, blocks=(1, 1), width=4, classes=5):
        super().__init__()
        self.inplanes = width
        self.stem = nn.Sequential(
            nn.Conv2d(3, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
        )
        self.layer1 = self._make_layer(width, blocks[0], 1)
        self.layer2 = self._make_layer(width * 2, blocks[1], 2)
        self.pool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(width * 2, classes)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(m, nn.BatchNorm2d):
                nn.init.constant_(m.weight, 1)
                nn.init.constant_(m.bias, 0)

    def _make_layer(self, planes, count, stride):
        layers = []
        for s in [stride] + [1] * (count - 1):
            layers.append(BasicBlock(self.inplanes, planes, s))
            self.inplanes = planes
        return nn.Sequential(*layers)

    def forward(self, x):
        x = self.layer2(self.layer1(self.stem(x)))
        return self.fc(torch.flatten(self.pool(x), 1))


def vgg(config, channels=3):
    layers = []
    for v in config:
        if v == "M":
            layers += [nn.MaxPool2d(2)]
        else:
            layers += [
                nn.Conv2d(channels, v, 3, padding=1, bias=False),
                nn.BatchNorm2d(v),
                nn.LeakyReLU(0.1),
            ]
            channels = v
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * 4, 5), nn.Dropout(0.2))


def separable(cin, cout):
    return nn.Sequential(
        nn.Conv2d(cin, cin, 3, padding=1, groups=cin), nn.Conv2d(cin, cout, 1), nn.ReLU6()
    )


class AutoEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Flatten(), nn.Linear(192, 16), nn.GELU(), nn.LayerNorm(16), nn.Linear(16, 3)
        )
        self.decoder = nn.Sequential(
            nn.Linear(3, 16),
            nn.SiLU(),
            nn.Linear(16, 192),
            nn.Sigmoid(),
            nn.Unflatten(1, (3, 8, 8)),
        )

    def forward(self, x):
        code = self.encoder(x)
        return self.decoder(code)


torch.manual_seed(0)
images, labels = torch.rand(6, 3, 8, 8), torch.tensor([0, 1, 2, 3, 4, 0])
for name, net in {
    "resnet": ResNet(),
    "vgg": vgg([4, "M", 8, "M"]),
    "separable": nn.Sequential(
        separable(3, 6),
        nn.AvgPool2d(2),
        separable(6, 8),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 5),
    ),
}.items():
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-2)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 5)
    losses = []
    for _ in range(5):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(images), labels, label_smoothing=0.05)
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(f"{loss.item():.4f}")
    net.eval()
    with torch.no_grad():
        out = net(images)
    print(
        f"{name:10s}",
        losses,
        sum(p.numel() for p in net.parameters()),
        f"{out.std():.4f}",
        [f"{b.float().mean():.4f}" for b in list(net.buffers())[:2]],
    )
auto = AutoEncoder()
optimizer = torch.optim.Adam(auto.parameters(), lr=0.01)
for step in range(4):
    optimizer.zero_grad()
    loss = F.binary_cross_entropy(auto(images), images)
    loss.backward()
    optimizer.step()
    print(f"{loss.item():.5f}", end=" ")
print()

words = (
    "we are about to study the idea of a computational process and we study the idea of it".split()
)
vocab = sorted(set(words))
ix = {word: i for i, word in enumerate(vocab)}
trigrams = [([ix[words[i - 2]], ix[words[i - 1]]], ix[words[i]]) for i in range(2, len(words))]


class NGram(nn.Module):
    def __init__(self, size, dim, context):
        super().__init__()
        self.embeddings = nn.Embedding(size, dim)
        self.linear1 = nn.Linear(context * dim, 16)
        self.linear2 = nn.Linear(16, size)

    def forward(self, inputs):
        embeds = self.embeddings(inputs).view((1, -1))
        return F.log_softmax(self.linear2(F.relu(self.linear1(embeds))), dim=1)


model = NGram(len(vocab), 6, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
losses = []
for epoch in range(3):
    total = 0
    for context, target in trigrams:
        model.zero_grad()
        loss = nn.NLLLoss()(
            model(torch.tensor(context, dtype=torch.long)), torch.tensor([target], dtype=torch.long)
        )
        loss.backward()
        optimizer.step()
        total += loss.item()
    losses.append(round(total, 4))
print(losses, model.embeddings.weight[ix["study"]])
bag = nn.Sequential(nn.Linear(len(vocab), 2), nn.LogSoftmax(dim=1))
counts = torch.zeros(1, len(vocab))
for word in words:
    counts[0][ix[word]] += 1
print(counts, bag(counts))


class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, dim * 3)
        self.out = nn.Linear(dim, dim)

    def forward(self, x):
        b, t, d = x.shape
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        q, k, v = (z.view(b, t, self.heads, d // self.heads).transpose(1, 2) for z in (q, k, v))
        scores = (q @ k.transpose(-2, -1)) * (d // self.heads) ** -0.5
        scores = scores.masked_fill(torch.triu(torch.ones(t, t), 1).bool(), float("-inf"))
        return self.out((scores.softmax(-1) @ v).transpose(1, 2).reshape(b, t, d))


class Transformer(nn.Module):
    def __init__(self, size, dim=8, context=6):
        super().__init__()
        self.token, self.position = nn.Embedding(size, dim), nn.Embedding(context, dim)
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attention = Attention(dim, 2)
        self.feed = nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim))
        self.head = nn.Linear(dim, size, bias=False)

    def forward(self, ids):
        x = self.token(ids) + self.position(torch.arange(ids.shape[1]))
        x = x + self.attention(self.norm1(x))
        x = x + self.feed(self.norm2(x))
        return self.head(x)


ids = torch.tensor([ix[w] for w in words])
batch = torch.stack([ids[i : i + 7] for i in range(0, 10, 2)])
gpt = Transformer(len(vocab))
optimizer = torch.optim.AdamW(gpt.parameters(), lr=3e-3, betas=(0.9, 0.95), weight_decay=0.1)
for step in range(6):
    logits = gpt(batch[:, :-1])
    loss = F.cross_entropy(logits.reshape(-1, len(vocab)), batch[:, 1:].reshape(-1))
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    norm = nn.utils.clip_grad_norm_(gpt.parameters(), 1.0)
    optimizer.step()
    print(f"{loss.item():.4f} {norm:.4f}", end=" ")
print()
context = ids[:3].unsqueeze(0)
for _ in range(3):
    context = torch.cat([context, gpt(context)[:, -1].argmax(-1, keepdim=True)], dim=1)
print([vocab[i] for i in context[0].tolist()])
