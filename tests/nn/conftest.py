"""JAX is the oracle here, and in float64, as the kernels are."""

import jax

jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]
