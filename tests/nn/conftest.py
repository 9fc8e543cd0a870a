"""JAX is the oracle here, and in float64, as the kernels are."""

import os

# The oracles run once or twice for each shape: compiling them less thoroughly takes a third of the time off.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")

import jax

jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]
