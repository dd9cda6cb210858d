from numba.core.dispatcher import Dispatcher

from workers.linear import banded, covariance, differences, robust
from workers.velocity import closure, filters, guess, network, quality, selection, trust
from workers.velocity.warm import warm

MODULES = (
    banded,
    closure,
    covariance,
    differences,
    filters,
    guess,
    network,
    quality,
    robust,
    selection,
    trust,
)
KERNELS = [part for module in MODULES for part in vars(module).values() if isinstance(part, Dispatcher)]


def test_a_warm_process_compiles_nothing_more(scenario):
    warm()
    known = [len(kernel.signatures) for kernel in KERNELS]
    assert any(known)
    given = scenario(pair_noise=2.0).pixel
    for array in (given.table.day1, given.table.error_x, given.vx, given.vy):
        array.flags.writeable = False
    given.invert(error_weights=True)
    assert [len(kernel.signatures) for kernel in KERNELS] == known
