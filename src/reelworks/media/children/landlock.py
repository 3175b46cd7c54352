"""Has the kernel hold this process to its own files (Landlock, Linux 5.13 and later)."""

import ctypes
import os
import struct
import sys
from collections.abc import Iterable

_PR_SET_NO_NEW_PRIVS = 38

# Numbers and names as in the kernel's include/uapi/linux/landlock.h. The system calls
# have the same numbers on every architecture.

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION, _PATH_BENEATH = 1, 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE = 1 << 14
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_ALL_OF_FIRST_VERSION = (1 << 13) - 1
# What a later version can refuse besides: to link elsewhere, to truncate, to control devices.
_ADDED = {2: 1 << 13, 3: _TRUNCATE, 5: 1 << 15}
_TCP, _TCP_SINCE = 0b11, 4  # to listen, and to connect
_SCOPES, _SCOPES_SINCE = 0b11, 6  # abstract sockets and signals of processes outside


def landlock_version() -> int:
    """What the kernel's Landlock can do, from 1; 0 where there is none."""
    if sys.platform != "linux":
        return 0
    return max(0, _call(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION))


def confine(readable: Iterable[str], writable: Iterable[str]) -> None:
    """From now on this process opens no other files than these and what lies below them, no TCP
    connection, and signals nobody outside. Nothing happens where the kernel has no Landlock.

    Raises OSError where the kernel has it, and refuses all the same.
    """
    version = landlock_version()
    if version == 0:
        return
    refused = _ALL_OF_FIRST_VERSION
    for since, right in _ADDED.items():
        refused |= right if version >= since else 0
    tcp = _TCP if version >= _TCP_SINCE else 0
    scopes = _SCOPES if version >= _SCOPES_SINCE else 0
    wanted = struct.pack("QQQ", refused, tcp, scopes)
    # An older kernel knows less of this structure, and wants no more than it knows.
    size = 8 * (1 + (version >= _TCP_SINCE) + (version >= _SCOPES_SINCE))
    rules = _done(_call(_CREATE_RULESET, wanted, ctypes.c_size_t(size), 0))
    for path in readable:
        _allow(rules, path, _EXECUTE | _READ_FILE | _READ_DIR)
    for path in writable:
        _allow(rules, path, refused)
    if ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs was refused")
    _done(_call(_RESTRICT_SELF, rules, 0))
    os.close(rules)


def _allow(rules: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # what is not there, or not to be seen, needs no permission
        return
    if not os.path.isdir(path):  # noqa: PTH112
        rights &= _OF_FILES
    _done(_call(_ADD_RULE, rules, _PATH_BENEATH, struct.pack("=Qi", rights, place), 0))
    os.close(place)


def _call(number: int, *arguments: object) -> int:
    library = ctypes.CDLL(None, use_errno=True)
    return int(library.syscall(ctypes.c_long(number), *arguments))


def _done(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"Landlock: {os.strerror(number)}")
    return result
