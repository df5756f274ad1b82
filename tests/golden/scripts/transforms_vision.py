"""Transforms on images and tensors, grids of images, and what transforms print."""

import os
import tempfile

import numpy as np
import torch
from PIL import Image
from torchvision import datasets, transforms, utils
from torchvision.transforms import functional as TF

pixels = (np.arange(6 * 8 * 3).reshape(6, 8, 3) % 256).astype(np.uint8)
colour = Image.fromarray(pixels)
grey = Image.fromarray(pixels[:, :, 0])
to_tensor = transforms.ToTensor()
print(
    to_tensor(colour).shape,
    to_tensor(colour)[1, 2, :4],
    to_tensor(grey).shape,
    to_tensor(grey).dtype,
    to_tensor(pixels).max(),
    to_tensor(pixels.astype(np.float32)).max(),
    to_tensor(pixels[:, :, 0]).shape,
)
print(
    transforms.PILToTensor()(grey).dtype,
    transforms.PILToTensor()(colour).shape,
    transforms.ToPILImage()(to_tensor(colour)).size,
    transforms.ToPILImage()(torch.zeros(1, 2, 3)).mode,
    np.array(transforms.ToPILImage()(to_tensor(grey))).tolist()[0],
)
x = to_tensor(colour)
normalise = transforms.Normalize((0.5, 0.4, 0.3), (0.5, 0.5, 0.25))
print(
    normalise(x)[:, 0, 0],
    normalise(x).mean((1, 2)),
    transforms.Normalize([0.1307], [0.3081])(to_tensor(grey)).std(),
)
pipeline = transforms.Compose(
    [
        transforms.Resize((4, 4)),
        transforms.ToTensor(),
        transforms.Lambda(lambda t: t * 2),
        normalise,
    ]
)
print(pipeline(colour).shape, [type(t).__name__ for t in pipeline.transforms])
for t in (
    to_tensor,
    normalise,
    transforms.Resize(4),
    transforms.Resize((4, 5)),
    transforms.RandomCrop(4, padding=1),
    transforms.RandomHorizontalFlip(),
    transforms.RandomHorizontalFlip(0.3),
    transforms.Compose([to_tensor, normalise]),
    transforms.PILToTensor(),
    transforms.ToPILImage(),
    transforms.CenterCrop(4),
    transforms.Grayscale(),
    transforms.RandomRotation(10),
    transforms.Pad(2),
):
    print(t)
torch.manual_seed(0)
crop = transforms.RandomCrop(4)
flip = transforms.RandomHorizontalFlip()
print(
    [np.array(crop(grey))[0, 0].item() for _ in range(5)],
    [np.array(flip(grey))[0, 0].item() for _ in range(8)],
)
print(
    [transforms.RandomCrop(6, padding=2)(x)[0, 0].tolist() for _ in range(2)],
    crop(x).shape,
    [flip(x)[0, 0, 0].item() for _ in range(3)],
)
print(
    np.array(transforms.CenterCrop(2)(grey)).tolist(),
    transforms.CenterCrop((2, 4))(x).shape,
    np.array(transforms.Resize((3, 4))(grey)).tolist(),
    transforms.Resize(3)(grey).size,
    transforms.Resize((3, 4), antialias=True)(x).shape,
    np.array(
        transforms.Resize((3, 4), interpolation=transforms.InterpolationMode.NEAREST)(grey)
    ).tolist(),
)
print(
    TF.hflip(x)[0, 0, :3],
    TF.vflip(x)[0, 0, 0],
    TF.crop(x, 1, 2, 3, 4).shape,
    TF.normalize(x, [0.5] * 3, [0.5] * 3).min(),
    TF.to_tensor(grey).sum(),
)
batch = torch.arange(4 * 1 * 2 * 3).view(4, 1, 2, 3).float() / 24
grid = utils.make_grid(batch)
print(
    grid.shape,
    grid.sum(),
    utils.make_grid(batch, nrow=2, padding=1).shape,
    utils.make_grid(batch, normalize=True).max(),
    utils.make_grid(batch[0]).shape,
    utils.make_grid([batch[0], batch[1]], nrow=1, pad_value=0.5)[0, :, 0],
    utils.make_grid(torch.rand(3, 3, 4, 4)).shape,
)
folder = tempfile.mkdtemp()
file = os.path.join(folder, "grid.png")
utils.save_image(batch, file, nrow=2)
back = np.array(Image.open(file))
print(back.shape, back.dtype, back[2, 2:5].tolist(), back.max())
from torchvision.io import read_image

print(read_image(file).shape, read_image(file).dtype, read_image(file)[0, 2, 2:8])
grey.save(os.path.join(folder, "g.png"))
print(read_image(os.path.join(folder, "g.png")).shape)
for mistake in (
    lambda: to_tensor("a"),
    lambda: to_tensor(np.ones((1, 2, 3, 4))),
    lambda: normalise(colour),
    lambda: transforms.RandomCrop(20)(grey),
    lambda: transforms.Normalize((0.5,), (0.0,))(x),
    lambda: transforms.ToPILImage()(torch.ones(2, 3, 4, 5)),
    lambda: (
        datasets.MNIST(os.path.join(folder, "none"), train=True, transform=3)
        if False
        else datasets.FashionMNIST(os.path.join(folder, "none"))
    ),
):
    try:
        mistake()
    except Exception as error:
        print(type(error).__name__, str(error).splitlines()[0].split(". ")[0])
print(datasets.MNIST.classes, datasets.FashionMNIST.classes)
