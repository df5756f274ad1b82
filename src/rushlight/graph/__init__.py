"""The lazy graph: Exprs, primitives, recording and its keys, binding to Programs."""
