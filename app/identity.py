"""Say who sits here, for the journal and for the other consoles: a claim, which the instance shows as one beside the
user that the system tells it.
"""

import getpass
import os
from collections.abc import Mapping


def operator(environ: Mapping[str, str] = os.environ) -> str:
    """The user before the screen; behind `sudo`, the one who called it."""
    named = environ.get("SUDO_USER", "") or environ.get("USER", "") or environ.get("LOGNAME", "")
    try:
        return named or getpass.getuser()
    except (OSError, KeyError):
        return f"uid {os.getuid()}"
