"""Read by Python when it starts with this folder on its path, before anything else.

Since 3.11 `time.sleep` sleeps until a moment (clock_nanosleep), which libfaketime 0.9.10 refuses as invalid.
"""

import select
import time


def sleep(seconds: float) -> None:
    """As `time.sleep`."""
    select.select((), (), (), seconds)


time.sleep = sleep
