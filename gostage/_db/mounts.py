"""Which file system a path is on, from the text of a mount table; pure, it opens nothing."""

from __future__ import annotations

import re
from typing import Final

NETWORK: Final = frozenset(
    {
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "fuse.ceph",
        "fuse.davfs",
        "fuse.glusterfs",
        "fuse.s3fs",
        "fuse.sshfs",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "orangefs",
        "smb3",
        "smbfs",
    }
)
"""Kinds that several machines may share. Those of containers and virtual machines (overlay, 9p,
virtiofs) are not among them: what they show is most often a disk of one machine."""

_ESCAPE: Final = re.compile(r"\\([0-7]{3})")


def network_kind(path: str, mountinfo: str) -> str | None:
    """Name the network file system an absolute path is on, by the text of `mountinfo`."""
    kind = file_system(path, mountinfo)
    return kind if kind in NETWORK else None


def file_system(path: str, mountinfo: str) -> str | None:
    """Name the file system that an absolute path without symbolic links is on."""
    best, found = "", None
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        fields, kinds = before.split(), after.split()
        if len(fields) < 5 or not kinds:
            continue
        mount = _ESCAPE.sub(_character, fields[4])
        # A later line hides an earlier one on the same place.
        if _holds(mount, path) and len(mount) >= len(best):
            best, found = mount, kinds[0]
    return found


def _holds(mount: str, path: str) -> bool:
    return path == mount or path.startswith(mount.rstrip("/") + "/")


def _character(match: re.Match[str]) -> str:
    return chr(int(match[1], 8))
