"""Recurrent layers and their cells: shapes, values, gradients."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

torch.manual_seed(0)
x = torch.randn(5, 3, 4)
for name, layer in {
    "RNN": nn.RNN(4, 6),
    "RNN relu": nn.RNN(4, 6, nonlinearity="relu"),
    "LSTM": nn.LSTM(4, 6),
    "GRU": nn.GRU(4, 6),
    "LSTM two layers": nn.LSTM(4, 6, 2),
    "GRU both ways": nn.GRU(4, 6, bidirectional=True),
    "LSTM batch first": nn.LSTM(4, 6, batch_first=True),
    "RNN without bias": nn.RNN(4, 6, bias=False),
}.items():
    inputs = x.clone().requires_grad_()
    out, hidden = layer(inputs)
    final = hidden[0] if isinstance(hidden, tuple) else hidden
    (out * torch.linspace(-1, 1, out.numel()).view(out.shape)).sum().backward()
    print(
        f"{name:18s} {tuple(out.shape)} {tuple(final.shape)} {out.sum():.4f} {final.sum():.4f} {inputs.grad.abs().sum():.4f}",
        [f"{p.grad.norm():.4f}" for p in layer.parameters()],
    )
    print("  ", layer, [n for n, _ in layer.named_parameters()][:4])
lstm = nn.LSTM(3, 3)
hidden = (torch.randn(1, 1, 3), torch.randn(1, 1, 3))
for i in [torch.randn(1, 3) for _ in range(5)]:
    out, hidden = lstm(i.view(1, 1, -1), hidden)
print(out.detach(), [h.detach() for h in hidden])
cell, gru = nn.LSTMCell(4, 5), nn.GRUCell(4, 5)
h, c = torch.zeros(3, 5), torch.zeros(3, 5)
for step in x:
    h, c = cell(step, (h, c))
print(h[0], c[0], gru(x[0], h)[0], cell)
words = [torch.ones(3, 2), torch.ones(1, 2) * 2, torch.ones(2, 2) * 3]
padded = pad_sequence(words, batch_first=True)
print(padded.shape, padded[1])
packed = pack_padded_sequence(padded, [3, 1, 2], batch_first=True, enforce_sorted=False)
out, h = nn.GRU(2, 2, batch_first=True)(packed)
unpacked, lengths = pad_packed_sequence(out, batch_first=True)
print(packed.batch_sizes, unpacked.shape, lengths, unpacked[1])


class Tagger(nn.Module):
    def __init__(self, vocabulary, tags):
        super().__init__()
        self.word_embeddings = nn.Embedding(vocabulary, 6)
        self.lstm = nn.LSTM(6, 6)
        self.hidden2tag = nn.Linear(6, tags)

    def forward(self, sentence):
        embeds = self.word_embeddings(sentence)
        out, _ = self.lstm(embeds.view(len(sentence), 1, -1))
        return torch.log_softmax(self.hidden2tag(out.view(len(sentence), -1)), dim=1)


data = [([0, 1, 2, 0, 3], [0, 1, 2, 0, 1]), ([4, 5, 6, 7], [1, 2, 0, 1])]
model = Tagger(8, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(12):
    for sentence, tags in data:
        model.zero_grad()
        loss = nn.NLLLoss()(model(torch.tensor(sentence)), torch.tensor(tags))
        loss.backward()
        optimizer.step()
    if epoch % 3 == 0:
        print(epoch, f"{loss.item():.5f}")
with torch.no_grad():
    print(model(torch.tensor(data[0][0])))
