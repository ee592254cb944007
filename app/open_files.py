"""Let the process hold as many files and connections as the system allows it, not as few as shells are given."""

import resource
from contextlib import suppress

MOST = 10_240
"""macOS grants no more, whatever it says."""


def allow_many() -> int:
    """Raise the soft limit of open files to the hard one; what it is then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
