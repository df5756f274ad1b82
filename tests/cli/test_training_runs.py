"""``rushlight train``: what a run leaves behind, and going on after an interruption."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

import rushlight
from rushlight.cli import training

MODEL_FILE = """
import torch
from torch import nn

class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(784, 10)

    def forward(self, x):
        return self.layer(x.flatten(1))

class Wrong(nn.Linear):
    def __init__(self):
        super().__init__(28, 5)

class Broken(nn.Module):
    def __init__(self):
        raise KeyError("no such thing")
"""


@pytest.fixture
def model_file(own_torch, tmp_path):
    path = tmp_path / "nets.py"
    path.write_text(MODEL_FILE)
    return path


def weights(run):
    return load_file(run / "model.safetensors")


def same(first, second):
    return first.keys() == second.keys() and all(
        first[name].tobytes() == second[name].tobytes() for name in first
    )


def test_a_run_folder_holds_everything(command, small_data, tmp_path):
    out = command("train", "--epochs", 2, "--lr", 0.1, "--threads", 1).stdout
    run = tmp_path / "runs" / "mnist-lenet-1"
    assert "61,706 parameters" in out
    assert "epoch 2/2: test loss" in out

    config = json.loads((run / "config.json").read_text())
    assert (config["data"], config["model"], config["lr"], config["seed"]) == (
        ("mnist", "lenet", 0.1, 1)
    )  # fmt: skip
    with open(run / "metrics.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == [5, 10]
    assert float(rows[-1]["test_loss"]) < float(rows[0]["test_loss"])
    assert float(rows[0]["lr"]) == 0.1
    assert float(rows[1]["lr"]) == pytest.approx(0.07)
    for name in ("curves.png", "confusion.png", "mistakes.png"):
        with Image.open(run / name) as picture:
            assert min(picture.size) > 300
            assert len(np.unique(np.asarray(picture.convert("L")))) > 20
    state = rushlight.load(str(run / "model.pth"))
    arrays = weights(run)
    assert list(state) == [f"{m}.{p}" for m in ("conv1", "conv2", "fc1", "fc2", "fc3")
                           for p in ("weight", "bias")]  # fmt: skip
    assert all(np.array_equal(state[name].numpy(), arrays[name]) for name in state)
    assert not [name for name in os.listdir(run) if name.endswith(".partial")]

    command("train", "--epochs", 1)
    assert (tmp_path / "runs" / "mnist-lenet-2").is_dir()


def test_evaluate_repeats_the_figures_of_the_training(command, small_data, tmp_path):
    trained = command("train", "--model", "mlp", "--epochs", 1, "--out", "run").stdout
    (tmp_path / "run" / "confusion.png").unlink()
    tested = command("evaluate", "run").stdout
    accuracy = trained.splitlines()[-2]
    assert accuracy.startswith("test accuracy ")
    assert accuracy in tested
    assert (tmp_path / "run" / "confusion.png").is_file()
    assert len(tested.splitlines()) == 11


@pytest.mark.parametrize(("model", "optimizer"), [("lenet", "sgd"), ("cnn", "adam")])
def test_a_stopped_run_goes_on_to_the_same_bits(
    command, small_data, no_pictures, tmp_path, monkeypatch, model, optimizer
):
    """Stopped within an epoch, after its last step, and twice."""
    options = ["train", "--epochs", 2, "--model", model, "--threads", 1, "--optimizer", optimizer]
    command(*options, "--out", "whole")
    step, taken = training.Training._train_step, []

    def stopping(self, images, labels):
        step(self, images, labels)
        taken.append(self.epoch * self.steps + self.step)
        if taken[-1] in stops:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(training.Training, "_train_step", stopping)
    for run, stops in (("a", [2, 7]), ("b", [5])):
        taken.clear()
        command(*options, "--out", run, code=130)
        for _ in stops[1:]:
            error = command("train", "--resume", run, code=130).stderr
            assert f"rushlight train --resume {run}" in error
        assert taken[-1] == stops[-1]
        assert not (tmp_path / run / "model.pth").exists()
        command("train", "--resume", run)
        assert taken == list(range(1, 11))
        assert same(weights(tmp_path / "whole"), weights(tmp_path / run))


def test_a_killed_run_goes_on_to_the_same_bits(
    command, small_data, no_pictures, tmp_path, monkeypatch
):
    """SIGKILL leaves what was last written: here the checkpoint of step 2."""
    monkeypatch.setattr(training, "CHECKPOINT_EVERY", 2)
    options = ["train", "--epochs", 1, "--threads", 1]
    command(*options, "--out", "whole")

    class Killed(BaseException):
        pass

    step = training.Training._train_step

    def dying(self, images, labels):
        step(self, images, labels)
        if self.step == 3:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(training.Training, "_train_step", dying)
        with pytest.raises(Killed):
            training.Training(*_config_and_run(tmp_path / "whole", tmp_path / "parts")).train(
                _Silent(), training.StopSignals()
            )
    checkpoint = rushlight.load(str(tmp_path / "parts" / "checkpoint.pth"))
    assert checkpoint["step"] == 2
    command("train", "--resume", "parts")
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))


def _config_and_run(model, folder):
    from rushlight.cli.runs import create, open_run

    config = open_run(model).read_config()
    run = create(folder, config)
    run.write_config(config, {})
    return config, run


class _Silent:
    def advance(self):
        pass

    def report(self, report):
        pass

    say = report


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is for POSIX")
def test_kill_9_of_the_real_command(tmp_path):
    train = [sys.executable, "-c", "from rushlight.cli import app; app()", "train"]
    options = ["--epochs", "1", "--threads", "1", "--batch-size", "128"]
    subprocess.run([*train, *options, "--out", "whole"], check=True, cwd=tmp_path)
    process = subprocess.Popen([*train, *options, "--out", "parts"], cwd=tmp_path)
    metrics = tmp_path / "parts" / "metrics.csv"
    deadline = time.monotonic() + 300
    while not (metrics.exists() and metrics.read_text().count("\n") > 5):
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    subprocess.run([*train, "--resume", "parts"], check=True, cwd=tmp_path)
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))


@pytest.mark.slow
def test_three_epochs_of_the_defaults_reach_98_and_a_half_percent(command, tmp_path):
    command("train", "--out", "run")
    with open(tmp_path / "run" / "metrics.csv", newline="") as file:
        last = list(csv.DictReader(file))[-1]
    assert last["epoch"] == "3"
    assert float(last["test_accuracy"]) >= 0.985


def test_a_finished_run_can_go_on_for_more_epochs(command, small_data, no_pictures, tmp_path):
    options = ["train", "--model", "mlp", "--threads", 1]
    command(*options, "--epochs", 2, "--out", "whole")
    command(*options, "--epochs", 1, "--out", "parts")
    command("train", "--resume", "parts", "--epochs", 2)
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))
    (tmp_path / "parts" / "model.safetensors").unlink()
    command("train", "--resume", "parts")
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))


def test_a_model_of_the_users_own(command, small_data, no_pictures, model_file, tmp_path):
    command("train", "--model", f"{model_file}:Tiny", "--epochs", 1, "--out", "run")
    assert weights(tmp_path / "run")["layer.weight"].shape == (10, 784)
    assert "test accuracy" in command("evaluate", "run").stdout


def test_models_that_cannot_be_used(refused, model_file):
    def train(model, code=1):
        return refused("train", "--model", model, code=code)

    assert "choose lenet, cnn, mlp or FILE.py:Class" in train("vgg", code=2)
    assert "there is no model file" in train("nowhere.py:Net", code=2)
    assert "no nn.Module class named Nothing" in train(f"{model_file}:Nothing")
    assert "must return scores of shape (N, 10)" in train(f"{model_file}:Wrong")
    assert "Broken() of" in train(f"{model_file}:Broken")
    assert "KeyError" in train(f"{model_file}:Broken")
    model_file.write_text("import nothing_like_this")
    assert "No module named 'nothing_like_this'" in train(f"{model_file}:Tiny")


def test_options_that_make_no_sense(refused, command):
    assert "--data must be one of mnist" in refused("train", "--data", "cifar", code=2)
    assert "--optimizer must be one of" in refused("train", "--optimizer", "lion", code=2)
    assert "--lr must be at least 0" in refused("train", "--lr", -1, code=2)
    assert "--momentum must be at least" in refused("train", "--momentum", "nan", code=2)
    assert "there is no run folder" in refused("train", "--resume", "nowhere", code=2)
    assert "epochs" in command("train", "--epochs", 0, code=2).stderr
    assert "runs" not in os.listdir()


def test_folders_and_checkpoints_that_cannot_be_used(
    refused, command, small_data, no_pictures, tmp_path
):
    command("train", "--model", "mlp", "--epochs", 1, "--out", "run")
    checkpoint = tmp_path / "run" / "checkpoint.pth"
    whole = checkpoint.read_bytes()

    def resume(*options, code=1):
        return refused("train", "--resume", "run", *options, code=code)

    assert "already holds a run" in refused("train", "--out", "run", code=2)
    assert "momentum 0.9 and cannot go on with 0.5" in resume("--momentum", 0.5, code=2)
    assert "model mlp and cannot go on with lenet" in resume("--model", "lenet", code=2)
    assert "leave out --out" in resume("--out", "other", code=2)
    for damaged in (b"", whole[:1000], b"junk" * 500, whole[:-100]):
        checkpoint.write_bytes(damaged)
        assert "checkpoint.pth is damaged" in resume()
    rushlight.save({"a": 1}, str(checkpoint))
    assert "is not a checkpoint" in resume()
    checkpoint.unlink()
    assert "checkpoint.pth is missing" in resume()

    (tmp_path / "run" / "model.pth").write_bytes(b"junk")
    assert "model.pth is damaged" in refused("evaluate", "run")
    (tmp_path / "run" / "model.pth").unlink()
    assert "model.pth is missing" in refused("evaluate", "run")
    rushlight.save({"w": rushlight.ones(1)}, str(tmp_path / "run" / "model.pth"))
    assert "does not fit the model MLP" in refused("evaluate", "run")
    config = tmp_path / "run" / "config.json"
    config.write_text(config.read_text().replace('"seed": 1', '"seed": "one"'))
    assert "'seed' must be int, not 'one'" in resume()
    config.write_text("{}")
    assert "lacks the entry 'data'" in refused("evaluate", "run")
    config.write_text("no json")
    assert "cannot read" in refused("evaluate", "run")
    config.unlink()
    assert "is not a run folder" in refused("evaluate", "run")


def test_a_loss_that_is_not_a_number_ends_the_run(refused, small_data):
    assert "try a smaller learning rate" in refused(
        "train", "--model", "mlp", "--lr", 1e9, "--out", "run"
    )
