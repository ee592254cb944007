"""One write for one piece of an append-only file: it is there whole, or not at all."""

import os


def append_whole(descriptor: int, data: bytes) -> bool:
    """Append in one `os.write`. Where the disk is full what went in is cut back; False: nothing was kept.

    The descriptor must be O_APPEND, and its file this process's own.
    """
    try:
        written = os.write(descriptor, data)
    except OSError:
        return False
    if written == len(data):
        return True
    os.ftruncate(descriptor, os.fstat(descriptor).st_size - written)
    return False
