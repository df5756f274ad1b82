"""TensorBoard logging is not part of Rushlight: importing this module says so."""

raise ImportError(
    "rushlight.utils.tensorboard: Rushlight writes no TensorBoard event files. Log to a CSV file "
    "or use a logger that takes plain numbers (`loss.item()`), such as tensorboardX."
)
