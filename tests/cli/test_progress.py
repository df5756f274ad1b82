"""What a run shows: a bar in a terminal, lines elsewhere."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from rushlight.cli.progress import (
    Clock,
    LiveDisplay,
    PlainDisplay,
    Report,
    duration,
    make_display,
)


def shown(terminal, epochs=2, steps=100, done=0):
    console = Console(file=io.StringIO(), force_terminal=terminal, width=120)
    display = make_display(console, epochs, steps)
    display.start(done)
    for step in range(done + 1, epochs * steps + 1):
        display.advance()
        if step % 5 == 0:
            epoch, place = divmod(step - 1, steps)
            display.report(Report(epoch + 1, place + 1, 0.5, 0.8125, 1234.5))
        if step % steps == 0:
            display.say(f"epoch {step // steps} done")
    display.stop()
    return display, console.file.getvalue()


def test_lines_for_a_pipe():
    display, text = shown(terminal=False)
    assert isinstance(display, PlainDisplay)
    lines = text.splitlines()
    assert len(lines) == 22
    assert lines[0].startswith(
        "epoch 1/2  step 10/100  loss 0.5000  accuracy 81.25%  1,234 images/s  0:0"
    )
    assert lines[10] == "epoch 1 done"
    assert lines[-2].startswith("epoch 2/2  step 100/100")
    assert lines[-2].endswith("0:00 left")
    assert "\x1b" not in text


def test_lines_of_a_resumed_run_begin_where_it_was():
    _, text = shown(terminal=False, done=150)
    assert text.splitlines()[0].startswith("epoch 2/2  step 60/100")


def test_a_bar_for_a_terminal():
    display, text = shown(terminal=True)
    assert isinstance(display, LiveDisplay)
    assert "loss 0.5000  accuracy 81.25%  1,234 images/s" in text
    assert "epoch 2 done" in text
    assert "2/2" in text
    assert text.endswith("\x1b[2K")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (75.2, "1:15"), (3599.6, "1:00:00"), (3700, "1:01:40")]
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_the_time_left_follows_from_the_steps_of_this_process(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    clock = Clock(total=60, done=40)
    assert clock.left() == "-:--"
    for _ in range(4):
        clock.advance()
    now[0] += 8.0
    assert clock.left() == "0:32"
