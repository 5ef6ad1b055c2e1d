"""The file system of a path, from the text of a mount table."""

from __future__ import annotations

import pytest

from gostage._db.mounts import NETWORK, file_system, network_kind

TABLE = r"""
22 28 0:20 / /sys rw,nosuid shared:7 - sysfs sysfs rw
28 0 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
40 28 0:35 / /net rw,relatime shared:20 master:1 - nfs4 server:/net rw,vers=4.2
41 40 0:36 / /net/local rw - xfs /dev/vdb rw
42 28 0:37 / /mnt/with\040space rw - cifs //server/share rw
43 28 0:38 / /mnt/over rw - nfs server:/over rw
44 43 0:39 / /mnt/over rw - ext4 /dev/vdc rw
45 28 0:40 / /sshfs rw - fuse.sshfs user@host: rw
46 28 0:41 / /host rw - 9p host rw
47 28 0:42 / /layers rw - overlay overlay rw
a line that makes no sense
48 28 0:43 /
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/runs.db", "ext4"),
        ("/net/me/runs.db", "nfs4"),
        ("/net/local/runs.db", "xfs"),
        ("/net/locality/runs.db", "nfs4"),
        ("/nets/runs.db", "ext4"),
        ("/mnt/with space/runs.db", "cifs"),
        ("/mnt/over/runs.db", "ext4"),
        ("/sshfs/a/b/runs.db", "fuse.sshfs"),
        ("/sys", "sysfs"),
        ("/", "ext4"),
    ],
)
def test_a_path_is_on_the_nearest_mount(path, kind):
    """The longest one that holds it, and of two on one place the later."""
    assert file_system(path, TABLE) == kind


@pytest.mark.parametrize("kind", sorted(NETWORK))
def test_network_file_systems_are_known(kind):
    """Each by its name in the table."""
    assert network_kind("/x", f"1 0 0:1 / / rw - {kind} source rw") == kind


@pytest.mark.parametrize("path", ["/host/runs.db", "/layers/runs.db", "/net/local/x"])
def test_what_containers_and_machines_use_is_no_network(path):
    """Only what is known to break locks is refused."""
    assert network_kind(path, TABLE) is None


def test_an_empty_table_says_nothing():
    """Nor does one for other paths."""
    assert file_system("/x", "") is None
    assert file_system("/x", "1 0 0:1 / /y rw - nfs source rw") is None
