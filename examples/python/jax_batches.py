"""Batches of a store as JAX arrays on the default device, the next one on its way while the last is being used."""

import jax
from streamstore import Sampler, Store


def batches(path, *, state=None, **options):
    """Yields a dictionary of arrays of shape `[B, S, W]`, one for each field, and the state after them."""
    sampler = Sampler(Store(path), **options)
    if state is not None:
        sampler.restore(state)
    ahead = None
    while (batch := sampler.next(sampler.allocate())) is not None:
        arrays = {name: field.values for name, field in batch.fields.items()}
        # Asynchronous: it returns before the copy is done.
        put = jax.device_put({**arrays, "mask": batch.mask}), sampler.state()
        if ahead is not None:
            yield ahead
        ahead = put
    if ahead is not None:
        yield ahead
