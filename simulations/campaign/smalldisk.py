"""A small disk of one's own that can be filled: a file system in memory, where this process may mount one."""

import os
import shutil
import subprocess
from pathlib import Path

MOUNT, UMOUNT = "/bin/mount", "/bin/umount"
MEGABYTE = 1024 * 1024


class SmallDisk:
    """Mounted on `folder`. It has no real disk below: what it shows is how a full one is met, not durability."""

    def __init__(self, folder: Path, size_mb: int) -> None:
        self.folder = folder
        self._size_mb = size_mb
        self._ballast = folder / "ballast"

    @staticmethod
    def unfit() -> str:
        """Why this machine lets nobody mount; empty where it does."""
        return "" if os.geteuid() == 0 and Path(MOUNT).exists() else "only root may mount a small disk"

    def mount(self) -> None:
        """Raises subprocess.CalledProcessError where the machine refuses."""
        self.folder.mkdir(parents=True)
        size = f"size={self._size_mb}m,mode=0755"
        subprocess.run([MOUNT, "-t", "tmpfs", "-o", size, "nearside", str(self.folder)], check=True)  # noqa: S603

    def unmount(self) -> None:
        """Give the memory back."""
        subprocess.run([UMOUNT, "--lazy", str(self.folder)], check=True)  # noqa: S603

    def fill(self, *, but_mb: int) -> None:
        """Leave only `but_mb` free."""
        size = shutil.disk_usage(self.folder).free - but_mb * MEGABYTE
        with self._ballast.open("wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, max(1, size))

    def free(self) -> None:
        """Take the ballast away."""
        self._ballast.unlink(missing_ok=True)
