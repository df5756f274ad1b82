"""Transforms, datasets, image files and grids against torchvision."""

from __future__ import annotations

import os
import random
import warnings

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")


def import_torchvision():
    """torchvision, also where its compiled operators do not load."""
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        try:
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        except RuntimeError:
            break
    import torchvision

    return torchvision, library


try:
    torchvision, _library = import_torchvision()
except (ImportError, RuntimeError) as error:
    pytest.skip(f"torchvision does not load: {error}", allow_module_level=True)

import torchvision.datasets  # noqa: E402
import torchvision.transforms.functional  # noqa: E402
import torchvision.utils  # noqa: E402
from torchvision.transforms import v2 as their_v2  # noqa: E402

import rushlight  # noqa: E402
from rushlight.vision import datasets, io, transforms, utils  # noqa: E402
from rushlight.vision.transforms import v2 as our_v2  # noqa: E402

TF, F = torchvision.transforms.functional, transforms.functional


def make_images():
    rng = np.random.default_rng(0)
    noise = lambda *shape: rng.integers(0, 256, shape, dtype=np.uint8)
    shapes = ((3, 37, 28), (1, 28, 28), (4, 3, 20, 31))
    arrays = [noise(*shape) for shape in shapes]
    arrays += [array.astype(np.float32) / np.float32(255) for array in arrays]
    return [*arrays, Image.fromarray(noise(37, 28, 3)), Image.fromarray(noise(28, 28))]


IMAGES = make_images()


def theirs(image):
    return torch.from_numpy(image.copy()) if isinstance(image, np.ndarray) else image


def ours(image):
    return rushlight.from_numpy(image.copy()) if isinstance(image, np.ndarray) else image


def parts(value):
    """The images in a result, as arrays with their kind."""
    if isinstance(value, (tuple, list)):
        return [part for item in value for part in parts(item)]
    if isinstance(value, Image.Image):
        return [(value.mode, np.asarray(value))]
    if isinstance(value, (torch.Tensor, rushlight.Tensor)):
        return [(str(value.dtype), value.numpy())]
    return [(type(value), np.asarray(value))]


def outcome(function, *args):
    """The parts of what a call returns, or the exception it raises."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return parts(function(*args))
    except Exception as error:
        return error


def check_same(got, want, one_off=0.0, tolerance=3e-6):
    """Equal outcomes; ``one_off``: the share of 8 bit values that may differ by one."""
    if isinstance(want, Exception):
        assert isinstance(got, Exception), f"{want!r} expected"
        text = str(got).replace("rushlight.tensor.Tensor", "torch.Tensor")
        # torchvision names the class of NumPy's dtypes here, not the dtype.
        text = text.replace("input type uint8. ", "input type <class 'numpy.dtype'>. ")
        assert (type(got), text) == (type(want), str(want))
        return
    if isinstance(got, Exception):
        raise got
    for (kind, a), (their_kind, b) in zip(got, want, strict=True):
        assert kind == their_kind
        assert a.shape == b.shape
        distance = np.abs(a.astype(np.float64) - b.astype(np.float64))
        if a.dtype.kind == "f":
            assert np.all(distance <= tolerance)
        else:
            assert np.mean(distance > 0) <= one_off
            assert np.all(distance <= 1)


def mode(functional, name):
    return functional.InterpolationMode(name)


def value(image, for_bytes, for_floats):
    floats = not isinstance(image, Image.Image) and image.is_floating_point()
    return for_floats if floats else for_bytes


CALLS = {
    "to_tensor": [lambda F, x: F.to_tensor(x), lambda F, x: F.pil_to_tensor(x)],
    "to_pil_image": [lambda F, x: F.to_pil_image(x)],
    "normalize": [
        lambda F, x: F.normalize(x, [0.5], [0.2]),
        lambda F, x: F.normalize(x, 0.5, [0.2]),
        lambda F, x: F.normalize(x, [0.1, 0.2, 0.3], [0.4, 0.5, 0.6]),
    ],
    "flip": [lambda F, x: F.hflip(x), lambda F, x: F.vflip(x)],
    "crop": [
        lambda F, x, w=w: F.crop(x, *w)
        for w in ((2, 3, 10, 11), (-2, -3, 50, 50), (10, 20, 40, 40))
    ],
    "center_crop": [
        lambda F, x, size=size: F.center_crop(x, size) for size in (10, [11, 12], [40, 10], 60, [5])
    ],
    "five_crop": [lambda F, x: F.five_crop(x, 10), lambda F, x: F.ten_crop(x, [8, 9], True)],
    "pad": [
        lambda F, x, p=p, m=m: F.pad(x, p, value(x, 3, 0.3), m)
        for p in (2, [1, 2], [3, 1, 0, 2], (1,), [1, 2, 3])
        for m in ("constant", "edge", "reflect", "symmetric", "mirror")
    ],
    "resize": [
        lambda F, x, m=m, s=s: F.resize(x, s, mode(F, m))
        for m in ("nearest", "nearest-exact", "bilinear", "bicubic")
        for s in ([15, 40], 20, [64, 9], [37, 50])
    ],
    "resize_plain": [
        lambda F, x, m=m, s=s: F.resize(x, s, mode(F, m), antialias=None)
        for m in ("bilinear", "bicubic")
        for s in (20, [64, 80])
    ],
    "resized_crop": [lambda F, x: F.resized_crop(x, 3, 4, 10, 12, [9, 20])],
    "rotate": [
        lambda F, x, a=a, m=m, e=e, c=c, f=f: F.rotate(x, a, mode(F, m), e, c, f)
        for a in (30, -77.5, 180, 90.0)
        for m in ("nearest", "bilinear")
        for e, c in ((False, None), (True, None), (False, [5, 7]))
        for f in (None, 0.5)
    ],
    "affine": [
        lambda F, x, m=m, s=s: F.affine(x, 20.0, [2, -3], 1.2, s, mode(F, m))
        for m in ("nearest", "bilinear")
        for s in (5.0, [3.0, -4.0], [1, 2, 3], "5")
    ],
    "perspective": [
        lambda F, x, m=m: F.perspective(
            x,
            [[0, 0], [20, 0], [20, 19], [0, 19]],
            [[2, 1], [18, 3], [17, 18], [1, 15]],
            mode(F, m),
        )
        for m in ("nearest", "bilinear")
    ],
    "gaussian_blur": [
        lambda F, x, k=k, s=s: F.gaussian_blur(x, k, s)
        for k in (3, [5, 7], 4)
        for s in (None, 1.3, -1.0)
    ],
    "grayscale": [lambda F, x, n=n: F.rgb_to_grayscale(x, n) for n in (1, 3, 2)],
    "adjust": [
        lambda F, x, n=n, v=v: getattr(F, f"adjust_{n}")(x, v)
        for n in ("brightness", "contrast", "saturation", "sharpness", "gamma")
        for v in (0.0, 0.4, 1.0, 1.7)
    ],
    "adjust_hue": [lambda F, x, v=v: F.adjust_hue(x, v) for v in (-0.3, 0.0, 0.2, 0.5, 0.6)],
    "colours": [
        lambda F, x: F.invert(x),
        lambda F, x: F.solarize(x, value(x, 100, 0.4)),
        lambda F, x: F.autocontrast(x),
        lambda F, x: F.posterize(x, 3),
        lambda F, x: F.posterize(x, 9),
        lambda F, x: F.equalize(x),
    ],
}
# Share of 8 bit values off by one: sums in another order round differently at ties.
ONE_OFF = {"resize": 0.02, "resize_plain": 0.01, "resized_crop": 0.02, "rotate": 0.01}


@pytest.mark.parametrize("image", range(len(IMAGES)))
@pytest.mark.parametrize("name", CALLS)
def test_functional(name, image):
    for call in CALLS[name]:
        want = outcome(call, TF, theirs(IMAGES[image]))
        got = outcome(call, F, ours(IMAGES[image]))
        check_same(got, want, ONE_OFF.get(name, 0.0))


@pytest.mark.parametrize("source", ["uint8", "int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("target", ["uint8", "int16", "int32", "int64", "float32", "float64"])
def test_convert_image_dtype(source, target):
    values = np.array([0, 1, 5, 100], source) if source[0] != "f" else np.linspace(0, 1, 9)
    values = values.astype(source)
    want = outcome(TF.convert_image_dtype, torch.from_numpy(values), getattr(torch, target))
    got = outcome(F.convert_image_dtype, rushlight.from_numpy(values), getattr(rushlight, target))
    check_same(got, want)


RANDOM = [
    lambda T: T.RandomCrop(10),
    lambda T: T.RandomCrop([12, 9], padding=3),
    lambda T: T.RandomCrop(50, pad_if_needed=True, fill=2),
    lambda T: T.RandomCrop(28, padding=4, padding_mode="reflect"),
    lambda T: T.RandomHorizontalFlip(),
    lambda T: T.RandomVerticalFlip(0.3),
    lambda T: T.RandomGrayscale(0.5),
    lambda T: T.RandomInvert(),
    lambda T: T.RandomPosterize(3),
    lambda T: T.RandomSolarize(0.5),
    lambda T: T.RandomAdjustSharpness(2),
    lambda T: T.RandomAutocontrast(),
    lambda T: T.RandomEqualize(),
    lambda T: T.RandomPerspective(p=1.0),
    lambda T: T.RandomRotation(30),
    lambda T: T.RandomRotation((10, 50), T.InterpolationMode.BILINEAR, fill=1),
    lambda T: T.RandomAffine(20, (0.1, 0.2), (0.8, 1.2), (5, 6, 7, 8)),
    lambda T: T.RandomAffine(20, shear=3, interpolation=2, fill=1, center=(3, 4)),
    lambda T: T.RandomResizedCrop(20),
    lambda T: T.RandomResizedCrop([20, 11], scale=(0.9, 1.0), ratio=(2.5, 3.0)),
    lambda T: T.ColorJitter(0.4, 0.4, 0.4, 0.1),
    lambda T: T.ColorJitter(brightness=(0.5, 1.5)),
    lambda T: T.RandomErasing(p=0.8),
    lambda T: T.RandomErasing(p=1.0, value="random"),
    lambda T: T.RandomErasing(p=1.0, value=(1, 2, 3)),
    lambda T: T.GaussianBlur(5),
    lambda T: T.GaussianBlur((3, 5), (0.5, 1.0)),
    lambda T: T.ElasticTransform(),
    lambda T: T.RandomApply([T.RandomHorizontalFlip(), T.RandomRotation(5)], 0.6),
    lambda T: T.RandomOrder([T.RandomHorizontalFlip(), T.RandomVerticalFlip()]),
    lambda T: T.RandomChoice([T.RandomHorizontalFlip(), T.RandomVerticalFlip()]),
    lambda T: T.RandomChoice([T.RandomHorizontalFlip(), T.RandomVerticalFlip()], p=[0.1, 0.9]),
]
FIXED = [
    lambda T: T.Resize(20),
    lambda T: T.Resize((20, 30)),
    lambda T: T.Resize(20, max_size=22),
    lambda T: T.CenterCrop(20),
    lambda T: T.CenterCrop([20]),
    lambda T: T.Pad(2),
    lambda T: T.Pad((1, 2, 3, 4), 1, "edge"),
    lambda T: T.Grayscale(),
    lambda T: T.Grayscale(3),
    lambda T: T.FiveCrop(10),
    lambda T: T.TenCrop((3, 4)),
    lambda T: T.ToTensor(),
    lambda T: T.PILToTensor(),
    lambda T: T.ToPILImage(),
    lambda T: T.ToPILImage("RGB"),
    lambda T: T.Normalize((0.5,), (0.5,)),
    lambda T: T.Lambda(lambda x: x),
    lambda T: T.Compose([T.Resize(20), T.ToTensor(), T.Normalize((0.5,), (0.3,))]),
]


def check_transform(their, our, tolerance=1e-5):
    """The same text, values and random numbers for all images and some seeds."""
    assert repr(our) == repr(their)
    for image in IMAGES[:2] + IMAGES[3:4] + IMAGES[-2:]:
        for seed in range(3):
            torch.manual_seed(seed)
            random.seed(seed)
            want = outcome(their, theirs(image))
            after = torch.rand(1).item()
            rushlight.manual_seed(seed)
            random.seed(seed)
            got = outcome(our, ours(image))
            check_same(got, want, 0.02, tolerance)
            if not isinstance(want, Exception):
                assert rushlight.rand(1).item() == after, "the same random numbers are drawn"


@pytest.mark.parametrize("make", RANDOM + FIXED, ids=lambda make: repr(make(transforms))[:40])
def test_transforms(make):
    check_transform(make(torchvision.transforms), make(transforms))


AUTOMATIC = [
    lambda T: T.AutoAugment(),
    lambda T: T.AutoAugment(T.AutoAugmentPolicy.CIFAR10, fill=7),
    lambda T: T.AutoAugment(T.AutoAugmentPolicy.SVHN, T.InterpolationMode.BILINEAR),
    lambda T: T.RandAugment(),
    lambda T: T.RandAugment(3, 20, fill=1),
    lambda T: T.TrivialAugmentWide(),
]


@pytest.mark.parametrize("make", AUTOMATIC, ids=lambda make: repr(make(transforms))[:50])
def test_automatic_augmentation(make):
    their, our = make(torchvision.transforms), make(transforms)
    assert repr(our) == repr(their)
    for image in (IMAGES[0], IMAGES[-2]):
        for seed in range(40):
            torch.manual_seed(seed)
            want = outcome(their, theirs(image))
            after = torch.rand(1).item()
            rushlight.manual_seed(seed)
            check_same(outcome(our, ours(image)), want, 0.01)
            assert rushlight.rand(1).item() == after


VERSION_2 = [
    lambda T, to: T.Compose([T.ToImage(), T.ToDtype(to.float32, scale=True)]),
    lambda T, to: T.ToDtype(to.float32),
    lambda T, to: T.Resize((20, 30)),
    lambda T, to: T.CenterCrop(10),
    lambda T, to: T.Pad([1, 2]),
    lambda T, to: T.RandomCrop(28, padding=4),
    lambda T, to: T.RandomCrop((37, 20), pad_if_needed=True),
    lambda T, to: T.RandomHorizontalFlip(0.3),
    lambda T, to: T.RandomVerticalFlip(),
    lambda T, to: T.RandomRotation(10),
    lambda T, to: T.RandomAffine(10, (0.1, 0.2)),
    lambda T, to: T.RandomResizedCrop(20),
    lambda T, to: T.Grayscale(),
    lambda T, to: T.RandomGrayscale(0.5),
    lambda T, to: T.RandomInvert(),
    lambda T, to: T.ColorJitter(0.4, hue=0.1),
    lambda T, to: T.GaussianBlur(3),
    lambda T, to: T.RandomErasing(0.7),
    lambda T, to: T.RandomApply([T.RandomHorizontalFlip()], p=0.3),
    lambda T, to: T.RandomChoice([T.RandomHorizontalFlip(), T.Identity()]),
    lambda T, to: T.RandomOrder([T.RandomHorizontalFlip(), T.RandomVerticalFlip()]),
    lambda T, to: T.RGB(),
    lambda T, to: T.Normalize([0.5], [0.5]),
    lambda T, to: T.PILToTensor(),
    lambda T, to: T.FiveCrop(3),
]


@pytest.mark.parametrize("make", VERSION_2, ids=lambda make: repr(make(our_v2, rushlight))[:40])
def test_transforms_version_2(make):
    their, our = make(their_v2, torch), make(our_v2, rushlight)
    assert repr(our) == repr(their)
    for image in IMAGES[:2] + IMAGES[3:4] + IMAGES[-2:]:
        for seed in range(3):
            torch.manual_seed(seed)
            want = outcome(their, theirs(image), 5)
            after = torch.rand(1).item()
            rushlight.manual_seed(seed)
            got = outcome(our, ours(image), 5)
            if isinstance(want, Exception):
                assert isinstance(got, Exception)
                continue
            # Bytes are resized with 16 bit weights there.
            check_same(got, want, 0.1 if "Resize" in repr(our) else 0.02, 1e-5)
            assert rushlight.rand(1).item() == after


def test_version_2_passes_other_values_through():
    image = ours(IMAGES[0])
    sample = {"image": image, "label": 3, "boxes": (rushlight.ones(4), "x")}
    out = our_v2.RandomHorizontalFlip(1.0)(sample)
    assert (out["label"], out["boxes"][1]) == (3, "x")
    assert rushlight.equal(out["image"], F.hflip(image))
    assert rushlight.equal(out["boxes"][0], rushlight.ones(4))


def test_mnist_is_read_alike(tmp_path):
    our = datasets.MNIST(tmp_path, train=False, download=True, transform=transforms.ToTensor())
    their = torchvision.datasets.MNIST(
        tmp_path, train=False, transform=torchvision.transforms.ToTensor()
    )
    assert repr(our) == repr(their)
    assert np.array_equal(our.data.numpy(), their.data.numpy())
    assert np.array_equal(our.targets.numpy(), their.targets.numpy())
    assert our.class_to_idx == their.class_to_idx
    for i in (0, 77, -1):
        assert our[i][1] == their[i][1]
        assert np.array_equal(our[i][0].numpy(), their[i][0].numpy())


def test_fake_data():
    ours_, theirs_ = datasets.FakeData(3, (3, 8, 8)), torchvision.datasets.FakeData(3, (3, 8, 8))
    assert repr(ours_) == repr(theirs_)
    for i in range(3):
        assert ours_[i][1] == theirs_[i][1]
        # Normal numbers agree to the last bits only, and 8 bits keep what they show.
        near = np.abs(np.asarray(ours_[i][0]).astype(int) - np.asarray(theirs_[i][0]).astype(int))
        assert np.mean(near % 255 > 1) < 0.01


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"nrow": 3, "padding": 1, "pad_value": 0.5},
        {"normalize": True},
        {"normalize": True, "scale_each": True, "value_range": (0.2, 0.7)},
    ],
)
def test_make_grid(options):
    for shape in ((5, 1, 4, 6), (5, 3, 4, 6), (1, 3, 4, 6), (3, 4, 6), (1, 4, 6), (4, 6)):
        values = np.random.default_rng(0).random(shape).astype(np.float32)
        want = outcome(
            lambda x: torchvision.utils.make_grid(x, **options), torch.from_numpy(values)
        )
        got = outcome(lambda x: utils.make_grid(x, **options), rushlight.from_numpy(values))
        check_same(got, want, tolerance=1e-7)


def test_save_image(tmp_path):
    values = np.random.default_rng(0).random((5, 3, 4, 6)).astype(np.float32) * 1.4 - 0.2
    utils.save_image(rushlight.from_numpy(values), tmp_path / "ours.png", nrow=2)
    torchvision.utils.save_image(torch.from_numpy(values), tmp_path / "theirs.png", nrow=2)
    pictures = [np.asarray(Image.open(tmp_path / name)) for name in ("ours.png", "theirs.png")]
    assert np.array_equal(*pictures)


def test_draw_bounding_boxes():
    boxes = np.array([[1, 2, 15, 16], [0, 0, 27, 20]])
    draw = lambda module, utils, **options: utils.draw_bounding_boxes(
        module.from_numpy(IMAGES[0].copy()), module.from_numpy(boxes), **options
    ).numpy()
    for options in (
        {},
        {"colors": "red", "width": 2},
        {"colors": ["blue", (1, 2, 3)], "labels": ["a", "b"]},
        {"fill": True},
    ):
        got = draw(rushlight, utils, **options)
        assert np.array_equal(got, draw(torch, torchvision.utils, **options))


def test_image_files(tmp_path):
    try:
        import torchvision.io

        torchvision.io.read_file(os.fspath(__file__))
    except (RuntimeError, ImportError, AttributeError):
        pytest.skip("torchvision's image extension does not load")
    from torchvision.io import ImageReadMode

    pixels = IMAGES[0].transpose(1, 2, 0)
    files = {
        "rgb.png": Image.fromarray(pixels),
        "grey.png": Image.fromarray(pixels[..., 0]),
        "palette.png": Image.fromarray(pixels).quantize(17),
        "alpha.png": Image.fromarray(pixels).convert("RGBA"),
        "rgb.jpg": Image.fromarray(pixels),
        "grey.jpg": Image.fromarray(pixels[..., 0]),
    }
    for name, image in files.items():
        path = os.fspath(tmp_path / name)
        image.save(path)
        for their_mode in ("UNCHANGED", "GRAY", "RGB"):
            want = torchvision.io.read_image(path, ImageReadMode[their_mode]).numpy()
            got = io.read_image(path, io.ImageReadMode[their_mode]).numpy()
            assert got.shape == want.shape
            distance = np.abs(got.astype(int) - want.astype(int))
            assert distance.max() <= (1 if their_mode == "GRAY" else 0), (name, their_mode)
