from workers.linear import covariance, differences
from workers.velocity import guess, selection
from workers.velocity.warm import warm

KERNELS = (
    covariance._sum_of_squares,
    differences._normal,
    differences._squares,
    differences.residuals,
    guess._local_medians,
    selection._sort_ties,
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
