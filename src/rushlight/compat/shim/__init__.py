"""The folder that worker processes find on ``sys.path``; see `rushlight.compat`."""
