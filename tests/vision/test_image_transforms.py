"""Transforms against values worked out by hand; parity tests compare them with torchvision."""

from __future__ import annotations

import random

import numpy as np
import pytest
from PIL import Image

import rushlight
from rushlight import nn
from rushlight.vision import transforms as T
from rushlight.vision.transforms import functional as F


def grey(values):
    return Image.fromarray(np.array(values, np.uint8))


def tensor(values, dtype=np.float32):
    return rushlight.tensor(np.array(values, dtype))


def test_to_tensor():
    image = F.to_tensor(grey([[0, 51], [255, 1]]))
    assert (image.dtype, image.shape) == (rushlight.float32, (1, 2, 2))
    assert image.numpy().tolist() == [
        [[0.0, np.float32(51) / np.float32(255)], [1.0, np.float32(1) / np.float32(255)]]
    ]
    colour = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    assert np.array_equal(
        F.to_tensor(colour).numpy(), colour.transpose(2, 0, 1).astype(np.float32) / np.float32(255)
    )
    floats = np.ones((2, 3))
    assert F.to_tensor(floats).dtype is rushlight.float64
    assert F.to_tensor(Image.fromarray(np.array([[7]], np.int32))).tolist() == [[[7]]]
    assert F.to_tensor(Image.new("1", (1, 1), 1)).tolist() == [[[1.0]]]
    for bad, error in ((rushlight.ones(2, 2), TypeError), (np.ones(3), ValueError)):
        with pytest.raises(error, match="pic should be"):
            F.to_tensor(bad)


def test_to_tensor_follows_the_default_dtype():
    rushlight.set_default_dtype(rushlight.float64)
    try:
        assert F.to_tensor(grey([[1]])).dtype is rushlight.float64
    finally:
        rushlight.set_default_dtype(rushlight.float32)


def test_the_source_is_never_shared():
    array = np.zeros((2, 2, 3), np.float32)
    image = F.to_tensor(array)
    array[:] = 1
    assert float(image.sum()) == 0
    source = rushlight.ones(1, 4, 4)
    for copy in (F.crop(source, 0, 0, 4, 4), F.adjust_sharpness(rushlight.ones(1, 2, 2), 2.0)):
        copy.zero_()
    assert float(source.sum()) == 16


@pytest.mark.parametrize("mode", ["L", "RGB", "LA", "RGBA"])
def test_pil_round_trip(mode):
    shape = (3, 5, len(mode)) if len(mode) > 1 else (3, 5)
    array = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    image = F.to_pil_image(F.pil_to_tensor(Image.fromarray(array)))
    assert image.mode == mode
    assert np.array_equal(np.asarray(image), array)


def test_to_pil_image_errors():
    for bad, error in (
        ("text", TypeError),
        (rushlight.ones(5, 2, 2), ValueError),
        (rushlight.ones(2), ValueError),
        (rushlight.ones(1, 2, 2, dtype=rushlight.int64), TypeError),
    ):
        with pytest.raises(error):
            F.to_pil_image(bad)
    with pytest.raises(ValueError, match="Only modes"):
        F.to_pil_image(rushlight.ones(3, 2, 2), "RGBA")


def test_normalize():
    image = tensor([[[1.0, 2.0]], [[3.0, 4.0]]])
    out = T.Normalize([1, 2], (2.0, 4.0))(image)
    assert out.tolist() == [[[0.0, 0.5]], [[0.25, 0.5]]]
    assert image.tolist() == [[[1.0, 2.0]], [[3.0, 4.0]]]
    again = F.normalize(image, [1.0], [2.0], inplace=True)
    assert again is image
    assert image.tolist() == [[[0.0, 0.5]], [[1.0, 1.5]]]
    with pytest.raises(TypeError, match="float tensor"):
        F.normalize(image.to(rushlight.uint8), [0.0], [1.0])
    with pytest.raises(ValueError, match="std evaluated to zero"):
        F.normalize(image, [0.0], [0.0])
    with pytest.raises(ValueError, match=r"\(\.\.\., C, H, W\)"):
        F.normalize(rushlight.ones(2, 2), [0.0], [1.0])
    with pytest.raises(RuntimeError, match="broadcast shape"):
        F.normalize(image, [0.0] * 3, [1.0] * 3)
    with pytest.raises(TypeError, match="img should be Tensor Image"):
        F.normalize(grey([[1]]), [0.0], [1.0])


@pytest.mark.parametrize(
    "function",
    [
        lambda x: F.normalize(x, [0.5], [0.25]),
        F.hflip,
        F.vflip,
        lambda x: F.crop(x, -1, 1, 4, 4),
        lambda x: F.pad(x, [1, 2], 0, "reflect"),
        lambda x: F.pad(x, 1, 0.5),
        lambda x: F.resize(x, [3, 7]),
        lambda x: F.rgb_to_grayscale(x),
        lambda x: F.adjust_contrast(x, 0.5),
        lambda x: F.adjust_brightness(x, 0.5),
    ],
)
def test_gradients_flow(function):
    x = rushlight.rand(3, 5, 6)
    y = x.clone().requires_grad_()
    out = function(y)
    assert np.allclose(out.detach().numpy(), function(x).numpy(), atol=1e-6)
    weights = rushlight.rand(*out.shape)
    (out * weights).sum().backward()
    bump = rushlight.rand(3, 5, 6)
    slope = ((function(x + 1e-3 * bump) - function(x - 1e-3 * bump)) * weights).sum() / 2e-3
    assert float((y.grad * bump).sum()) == pytest.approx(float(slope), rel=2e-2)


def test_what_has_no_gradient_says_so():
    image = rushlight.rand(3, 4, 4).requires_grad_()
    with pytest.raises(RuntimeError, match="not differentiable"):
        F.adjust_hue(image, 0.1)
    with rushlight.no_grad():
        assert F.adjust_hue(image, 0.1).shape == (3, 4, 4)


def test_resize():
    assert F.resize(tensor([[[0.0, 1.0]]]), [1, 4]).tolist() == [[[0.0, 0.25, 0.75, 1.0]]]
    halved = F.resize(tensor([[[0.0, 4.0, 8.0, 12.0]]]), [1, 2])
    assert np.allclose(halved.numpy(), [[[20 / 7, 64 / 7]]])
    assert F.resize(tensor([[[1, 2, 3]]], np.uint8), [2, 3], 0).tolist() == [[[1, 2, 3]] * 2][0:1]
    image = rushlight.ones(3, 20, 10)
    assert F.resize(image, 5).shape == (3, 10, 5)
    assert F.resize(image, [5], max_size=8).shape == (3, 8, 4)
    assert F.resize(image, [20, 10]) is image
    with pytest.raises(ValueError, match="strictly greater"):
        F.resize(image, 5, max_size=5)
    with pytest.raises(ValueError, match="unsupported with Tensor input"):
        F.resize(image, 5, T.InterpolationMode.LANCZOS)
    with pytest.warns(UserWarning, match="Anti-alias"):
        F.resize(grey([[1, 2]]), 4, antialias=False)
    with pytest.raises(TypeError, match="Argument interpolation"):
        F.resize(image, 5, "bilinear")


def test_crops_pads_and_flips():
    image = tensor([[[1, 2], [3, 4]]], np.uint8)
    assert F.hflip(image).tolist() == [[[2, 1], [4, 3]]]
    assert F.vflip(image).tolist() == [[[3, 4], [1, 2]]]
    assert F.crop(image, -1, 1, 2, 2).tolist() == [[[0, 0], [2, 0]]]
    assert F.center_crop(image, 1).tolist() == [[[1]]]
    assert F.center_crop(image, [2, 4]).tolist() == [[[0, 1, 2, 0], [0, 3, 4, 0]]]
    assert F.pad(image, [1, 0, 0, 0], 9).tolist() == [[[9, 1, 2], [9, 3, 4]]]
    assert F.pad(image, [0, 1], padding_mode="edge").tolist() == [[[1, 2], [1, 2], [3, 4], [3, 4]]]
    assert F.pad(image, (-1, 0, 0, 0)).tolist() == [[[2], [4]]]
    corners = F.five_crop(tensor(np.arange(9).reshape(1, 3, 3)), 1)
    assert [int(c) for c in corners] == [0, 2, 6, 8, 4]
    assert len(F.ten_crop(image, 1)) == 10
    with pytest.raises(ValueError, match="bigger than input size"):
        F.five_crop(image, 3)
    with pytest.raises(ValueError, match="Padding mode"):
        F.pad(image, 1, padding_mode="mirror")
    with pytest.raises(ValueError, match="1, 2, or 4 element tuple"):
        F.pad(image, [1, 2, 3])


def test_rotation_by_a_right_angle():
    image = tensor([[[1, 2], [3, 4]]], np.uint8)
    assert F.rotate(image, 90).tolist() == [[[2, 4], [1, 3]]]
    wide = tensor([[[1, 2, 3]]])
    assert F.rotate(wide, 90, expand=True).tolist() == [[[3.0], [2.0], [1.0]]]
    moved = F.affine(wide, 0.0, [1, 0], 1.0, 0.0, fill=[7.0])
    assert moved.tolist() == [[[7.0, 1.0, 2.0]]]


def test_colours():
    image = tensor([[[0.2]], [[0.4]], [[0.6]]])
    assert F.adjust_brightness(image, 2.0).flatten().tolist() == pytest.approx([0.4, 0.8, 1.0])
    assert F.invert(image).flatten().tolist() == pytest.approx([0.8, 0.6, 0.4])
    assert F.adjust_hue(image, 1 / 3).flatten().tolist() == pytest.approx([0.6, 0.2, 0.4])
    assert float(F.rgb_to_grayscale(image)) == pytest.approx(
        0.2989 * 0.2 + 0.587 * 0.4 + 0.114 * 0.6
    )
    assert F.posterize(tensor([[[255, 77]]], np.uint8), 2).tolist() == [[[192, 64]]]
    assert F.solarize(tensor([[[255, 77]]], np.uint8), 100).tolist() == [[[0, 77]]]
    stretched = F.autocontrast(tensor([[[10, 20, 30]]], np.uint8))
    assert stretched.tolist() == [[[0, 127, 255]]]
    with pytest.raises(ValueError, match="is not in"):
        F.adjust_hue(image, 0.6)
    with pytest.raises(TypeError, match="permitted channel values"):
        F.adjust_brightness(rushlight.ones(2, 3, 3), 1.0)
    with pytest.raises(TypeError, match=r"Only torch\.uint8"):
        F.posterize(image, 3)


def test_convert_image_dtype():
    image = tensor([[[0, 128, 255]]], np.uint8)
    unit = F.convert_image_dtype(image, rushlight.float32)
    assert unit.flatten().tolist() == [0.0, float(np.float32(128) / np.float32(255)), 1.0]
    assert F.convert_image_dtype(unit, rushlight.uint8).tolist() == image.tolist()
    assert F.convert_image_dtype(image, rushlight.int16).flatten().tolist() == [0, 16384, 32640]
    with pytest.raises(RuntimeError, match="cannot be performed safely"):
        F.convert_image_dtype(unit, rushlight.int32)


def test_containers():
    image = grey([[1, 2]])
    double = T.Compose([T.PILToTensor(), lambda x: x * 2])
    assert double(image).tolist() == [[[2, 4]]]
    assert nn.Sequential(T.CenterCrop(2), T.Pad(1))(rushlight.ones(1, 3, 3)).shape == (1, 4, 4)
    with pytest.raises(TypeError, match="lambd should be callable, got 'int'"):
        T.Lambda(3)
    random.seed(0)
    chosen = {T.RandomChoice([lambda x: 1, lambda x: 2])(image) for _ in range(20)}
    assert chosen == {1, 2}
    assert T.RandomChoice([lambda x: 1, lambda x: 2], p=[0, 1])(image) == 2
    assert sorted(T.RandomOrder([lambda x: [*x, 1], lambda x: [*x, 2]])([])) == [1, 2]
    assert T.RandomApply([lambda x: 1], p=1.0)(image) == 1
    assert T.RandomApply([lambda x: 1], p=0.0)(image) is image


def test_random_crop_takes_every_place():
    rushlight.manual_seed(0)
    image = tensor(np.arange(9).reshape(1, 3, 3), np.uint8)
    crop = T.RandomCrop(2)
    assert {int(crop(image)[0, 0, 0]) for _ in range(80)} == {0, 1, 3, 4}
    with pytest.raises(ValueError, match="is larger than input image size"):
        T.RandomCrop(4)(image)


REPRS = [
    (T.Compose([T.ToTensor(), T.Lambda(abs)]), "Compose(\n    ToTensor()\n    Lambda()\n)"),
    (T.Normalize((0.5,), (0.5,)), "Normalize(mean=(0.5,), std=(0.5,))"),
    (T.Resize(8), "Resize(size=8, interpolation=bilinear, max_size=None, antialias=True)"),
    (T.RandomCrop(4, padding=1), "RandomCrop(size=(4, 4), padding=1)"),
    (T.RandomHorizontalFlip(), "RandomHorizontalFlip(p=0.5)"),
    (
        T.RandomRotation(5),
        "RandomRotation(degrees=[-5.0, 5.0], interpolation=nearest, expand=False, fill=0)",
    ),
    (
        T.ColorJitter(0.5),
        "ColorJitter(brightness=(0.5, 1.5), contrast=None, saturation=None, hue=None)",
    ),
    (T.RandomApply([T.ToTensor()]), "RandomApply(\n    p=0.5\n    ToTensor()\n)"),
]


@pytest.mark.parametrize(("transform", "text"), REPRS, ids=lambda v: type(v).__name__)
def test_reprs(transform, text):
    assert repr(transform) == text


@pytest.mark.parametrize(
    "make",
    [
        lambda: T.Resize(8.5),
        lambda: T.Pad("1"),
        lambda: T.RandomChoice(3),
        lambda: T.RandomErasing(value=None),
        lambda: T.RandomRotation([1, 2], fill=object()),
    ],
)
def test_wrong_types_of_arguments(make):
    with pytest.raises(TypeError):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: T.Resize([1, 2, 3]),
        lambda: T.CenterCrop([1, 2, 3]),
        lambda: T.RandomRotation(-1),
        lambda: T.RandomAffine(0, translate=(2, 0)),
        lambda: T.RandomAffine(0, scale=(0, 1)),
        lambda: T.ColorJitter(-1),
        lambda: T.ColorJitter(hue=0.7),
        lambda: T.RandomErasing(p=2),
        lambda: T.RandomErasing(value="noise"),
        lambda: T.GaussianBlur(4),
        lambda: T.GaussianBlur(3, sigma=-1),
    ],
)
def test_wrong_values_of_arguments(make):
    with pytest.raises(ValueError):
        make()


def test_images_are_not_loaded_for_nothing():
    import subprocess
    import sys

    code = (
        "import sys; from rushlight.vision import datasets, transforms, io, utils; "
        "sys.exit(any(m == 'PIL' or m.startswith('PIL.') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
