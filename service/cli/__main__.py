"""`python -m service.cli` is `ogive`."""

from service.cli import main

if __name__ == "__main__":
    main()
