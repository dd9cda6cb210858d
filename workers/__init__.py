"""What the cluster runs: cubes, inversions and products. Knows nothing of HTTP or SQL."""
