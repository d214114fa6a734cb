"""Owns the question as whom PostgreSQL runs, since it refuses uid 0; must not know what it stores or how it is started.

An ordinary user runs it as he is. Root has two ways, and both leave nothing outside the home folder:
a user namespace in which root carries another number (files stay root's), or another user who keeps the one
capability of passing closed folders, because a home under a 0700 /root is the rule in containers.
initdb moreover wants its user to have a name in the system, which numbers given to containers often lack.
"""

import asyncio
import ctypes
import os
import pwd
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from subprocess import SubprocessError

from app.embedded.children import dies_with_parent, libc_call

_CLONE_NEWUSER = 0x10000000
_PR_SET_SECUREBITS = 28
_NO_SETUID_FIXUP = 1 << 2
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 47, 2
_CAP_DAC_OVERRIDE = 1
_CAP_VERSION_3 = 0x20080522


@dataclass(frozen=True)
class Identity:
    """`enter` runs in the child before exec; `owner` is the (uid, gid) that must own the cluster, None to leave it."""

    name: str
    enter: Callable[[], None]
    owner: tuple[int, int] | None = None

    def give(self, folder: Path) -> None:
        """Make a folder and all below it the server's own, where the server is another user."""
        if self.owner is None or folder.stat().st_uid == self.owner[0]:
            return
        for path in (folder, *folder.rglob("*")):
            os.chown(path, *self.owner, follow_symlinks=False)


def as_we_are() -> Identity:
    """Run as the user of this process."""
    return Identity("plain", dies_with_parent(signal.SIGINT))


def in_user_namespace() -> Identity:
    """Stay who we are for files, be an ordinary named user inside; the child raises OSError where forbidden."""
    bind_to_parent = dies_with_parent(signal.SIGINT)
    inside, _ = _spare_user()
    user_map, group_map = f"{inside} {os.geteuid()} 1", f"{inside} {os.getegid()} 1"

    def enter() -> None:
        libc_call("unshare", _CLONE_NEWUSER)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(user_map)
        Path("/proc/self/gid_map").write_text(group_map)
        bind_to_parent()

    return Identity("namespace", enter)


def as_user(uid: int, gid: int) -> Identity:
    """Run as another user who may still pass folders closed to him, where root itself has that capability."""
    bind_to_parent = dies_with_parent(signal.SIGINT)

    def enter() -> None:
        keeps = _keep_capabilities()
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
        if keeps:
            _drop_all_but_passage()
        # Last: the kernel forgets the death signal whenever credentials change.
        bind_to_parent()

    return Identity(f"user {uid}", enter, (uid, gid))


def _keep_capabilities() -> bool:
    """Let capabilities outlive the change of user, for access(2) too, by which PostgreSQL looks for its programs."""
    try:
        libc_call("prctl", _PR_SET_SECUREBITS, _NO_SETUID_FIXUP, 0, 0, 0)
    except PermissionError:
        # A root robbed of its powers: an open home still works, and of a closed one the server's own words tell.
        return False
    return True


def _drop_all_but_passage() -> None:
    mask = 1 << _CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(_CAP_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    try:
        libc_call("capset", header, (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0))
        libc_call("prctl", _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0)
    except PermissionError:
        libc_call("capset", header, nothing)


async def choose_identity(home: Path, cluster: Path, program: Path) -> Identity:
    """Find the way that works here: who owns the cluster already decides, then what the kernel lets root do."""
    is_root = os.geteuid() == 0
    if not is_root and _has_name(os.geteuid()):
        return as_we_are()
    owner = _owner(home, cluster)
    if is_root and owner is not None:
        return as_user(*owner)
    namespace = in_user_namespace()
    if await _works(namespace, home, program):
        return namespace
    return as_user(*_spare_user()) if is_root else as_we_are()


def _owner(home: Path, cluster: Path) -> tuple[int, int] | None:
    """Say which ordinary user the cluster is bound to, or for a new one who of the system's users holds the home."""
    exists = cluster.exists()
    owner = (cluster if exists else home).stat()
    if owner.st_uid == 0 or not (exists or _has_name(owner.st_uid)):
        return None
    return owner.st_uid, owner.st_gid


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _spare_user() -> tuple[int, int]:
    """Give a named user who is not root: nobody, by the usual number or by name."""
    for user in sorted(pwd.getpwall(), key=lambda user: user.pw_name != "nobody"):
        if user.pw_uid != 0:
            return user.pw_uid, user.pw_gid
    return 65534, 65534


async def _works(identity: Identity, home: Path, program: Path) -> bool:
    check = 'test -w "$1" && exec "$2" --version'
    try:
        process = await asyncio.create_subprocess_exec(
            "/bin/sh", "-c", check, "sh", str(home), str(program),
            preexec_fn=identity.enter,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, SubprocessError):
        return False
    return await process.wait() == 0
