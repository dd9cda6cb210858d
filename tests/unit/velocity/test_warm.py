from workers.linear import covariance, differences, robust
from workers.velocity import guess, network, quality, selection, trust
from workers.velocity.warm import warm

KERNELS = (
    covariance._sum_of_squares,
    differences._normal,
    differences._squares,
    differences.residuals,
    guess._correlate,
    guess._daily,
    guess._departures,
    guess._informative,
    guess._local_medians,
    guess._positions,
    network._dates,
    network._metres,
    quality._in_errors,
    robust.biweight,
    selection._screened,
    selection._sort_ties,
    selection._taken,
    trust._reach,
    trust._reference,
)


def test_a_warm_process_compiles_nothing_more(scenario):
    warm()
    known = [len(kernel.signatures) for kernel in KERNELS]
    assert min(known) >= 1
    given = scenario(pair_noise=2.0).pixel
    for array in (given.table.day1, given.table.error_x, given.vx, given.vy):
        array.flags.writeable = False
    given.invert(error_weights=True)
    assert [len(kernel.signatures) for kernel in KERNELS] == known
