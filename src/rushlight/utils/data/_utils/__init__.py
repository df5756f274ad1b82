"""The parts of the DataLoader: collating, fetching, and worker processes."""

from rushlight.utils.data._utils import collate, fetch

__all__ = ["collate", "fetch"]
