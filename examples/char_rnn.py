"""Which language is the word? A recurrent network written with linear layers reads it letter by letter."""

import os
import random

import torch
import torch.nn as nn

STEPS = int(os.environ.get("EXAMPLE_STEPS", 3000))

WORDS = {
    "Spanish": "perro gato casa ventana libro agua fuego noche manzana queso mesa silla lluvia amigo verano".split(),
    "German": "hund katze haus fenster buch wasser feuer nacht apfel kaese tisch stuhl regen freund sommer".split(),
    "Finnish": "koira kissa talo ikkuna kirja vesi tuli yoe omena juusto poeytae tuoli sade ystaevae kesae".split(),
}
LETTERS = "abcdefghijklmnopqrstuvwxyz"
languages = list(WORDS)

random.seed(0)
torch.manual_seed(0)


def word_to_tensor(word):
    """One-hot letters: <length x 1 x alphabet>."""
    tensor = torch.zeros(len(word), 1, len(LETTERS))
    for i, letter in enumerate(word):
        tensor[i][0][LETTERS.index(letter)] = 1
    return tensor


print(word_to_tensor("j"))
print(word_to_tensor("perro").size())


class RNN(nn.Module):
    def __init__(self, input_size, hidden_size, output_size):
        super(RNN, self).__init__()
        self.hidden_size = hidden_size
        self.i2h = nn.Linear(input_size + hidden_size, hidden_size)
        self.i2o = nn.Linear(input_size + hidden_size, output_size)
        self.softmax = nn.LogSoftmax(dim=1)

    def forward(self, input, hidden):
        combined = torch.cat((input, hidden), 1)
        hidden = torch.tanh(self.i2h(combined))
        output = self.softmax(self.i2o(combined))
        return output, hidden

    def init_hidden(self):
        return torch.zeros(1, self.hidden_size)


rnn = RNN(len(LETTERS), 32, len(languages))
output, next_hidden = rnn(word_to_tensor("katze")[0], rnn.init_hidden())
print(output)


def language_from_output(output):
    top_n, top_i = output.topk(1)
    index = top_i[0].item()
    return languages[index], index


print(language_from_output(output))

criterion = nn.NLLLoss()
learning_rate = 0.05


def train(language_tensor, word_tensor):
    hidden = rnn.init_hidden()
    rnn.zero_grad()
    for i in range(word_tensor.size()[0]):
        output, hidden = rnn(word_tensor[i], hidden)
    loss = criterion(output, language_tensor)
    loss.backward()
    for p in rnn.parameters():
        p.data.add_(p.grad.data, alpha=-learning_rate)
    return output, loss.item()


current_loss = 0
for step in range(1, STEPS + 1):
    language = random.choice(languages)
    word = random.choice(WORDS[language])
    tensor = torch.tensor([languages.index(language)], dtype=torch.long)
    output, loss = train(tensor, word_to_tensor(word))
    current_loss += loss
    if step % 10 == 0:
        guess, _ = language_from_output(output)
        mark = "ok" if guess == language else "no (%s)" % language
        print("%d %.4f %s / %s %s" % (step, loss, word, guess, mark))
print(f"average loss {current_loss / STEPS:.5f}")

confusion = torch.zeros(len(languages), len(languages))
with torch.no_grad():
    for row, language in enumerate(languages):
        for word in WORDS[language]:
            hidden = rnn.init_hidden()
            for letter in word_to_tensor(word):
                output, hidden = rnn(letter, hidden)
            confusion[row][language_from_output(output)[1]] += 1
    for i in range(len(languages)):
        confusion[i] = confusion[i] / confusion[i].sum()
print(confusion.sum(dim=1))
