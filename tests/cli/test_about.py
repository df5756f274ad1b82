"""``rushlight info`` and ``rushlight names``."""

from __future__ import annotations

from pathlib import Path

import rushlight
from rushlight.cli import about


def test_info_names_the_versions(command):
    lines = dict(line.split(None, 1) for line in command("info").stdout.splitlines())
    assert lines["rushlight"] == rushlight.__version__
    assert int(lines["threads"]) >= 1


def test_names_lists_what_there_is_and_nothing_internal(command, refused):
    names = command("names").stdout.split()
    assert {"torch.zeros", "torch.nn.Linear", "torch.Tensor.add_", "torch.optim.SGD"} <= {*names}
    assert not {"torch.graph", "torch.annotations", "torch.compat"} & {*names}
    assert command("names", "torch.optim.lr_scheduler").stdout.count("StepLR") == 2
    assert "is none of the modules" in refused("names", "tensorflow", code=2)


def test_the_page_claims_no_name_that_is_missing():
    page = (Path(__file__).parents[2] / "docs" / "supported.md").read_text()
    for section in page.split("\n## ")[1:]:
        module, _, names = section.partition("\n")
        claimed = {name.strip("` \n") for name in names.split(",")}
        assert claimed <= set(about.public_names(module)), module
