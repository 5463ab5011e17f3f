"""What may happen to an importer while it runs: each disturbance is done to it once, and undone in the end."""

import os
import signal
import subprocess
import time

LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
# More than the ledger of an hour takes.
DISK = "512m"


class Chaos:
    """The disturbances, by name; `after` undoes what would keep the next run from its end."""

    def __init__(self, work, chance):
        self.work, self.chance = work, chance
        self.clock = os.path.join(work, "clock")
        self.disk = os.path.join(work, "disk")
        self.filler = os.path.join(self.disk, "filler")
        self.sandbox, self.stopped_sandbox = None, False
        self.counts = {}
        self.set_clock(0)
        self.has_clock = os.path.exists(LIBRARY)
        self.has_disk = self._mount()

    def missing(self):
        """Says what this machine does not let happen."""
        if not self.has_clock:
            yield "libfaketime is not there: no clock is set"
        if not self.has_disk:
            yield "no file system can be mounted: no disk is filled and none is made read-only"

    def _mount(self):
        os.makedirs(self.disk, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "scoreload-soak", self.disk]
        return subprocess.run(command, capture_output=True).returncode == 0

    def end(self):
        if self.has_disk:
            subprocess.run(["umount", "-l", self.disk], check=False)

    def environment(self):
        """Returns what lets the clock of an importer be set."""
        if not self.has_clock:
            return {}
        return {
            "LD_PRELOAD": LIBRARY,
            "FAKETIME_TIMESTAMP_FILE": self.clock,
            "FAKETIME_CACHE_DURATION": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def set_clock(self, seconds):
        with open(self.clock + ".new", "w") as file:
            file.write(f"{seconds:+d}s\n")
        os.replace(self.clock + ".new", self.clock)

    def do(self, name, importer):
        """Disturbs an importer; tells whether it is spoilt: what it learns from now on may not be written down."""
        self.counts[name] = self.counts.get(name, 0) + 1
        return getattr(self, name)(importer)

    def kill(self, importer):
        importer.send_signal(signal.SIGKILL)
        return True

    def terminate(self, importer):
        importer.send_signal(signal.SIGTERM)
        return False

    def stop(self, importer):
        importer.send_signal(signal.SIGSTOP)
        time.sleep(self.chance.uniform(0.1, 4))
        importer.send_signal(signal.SIGCONT)
        return False

    def stop_and_kill(self, importer):
        importer.send_signal(signal.SIGSTOP)
        time.sleep(self.chance.uniform(0.1, 1))
        importer.send_signal(signal.SIGKILL)
        return True

    def kill_sandbox(self, _):
        self.sandbox.kill()
        time.sleep(self.chance.uniform(0, 1.5))
        self.sandbox.start()
        return False

    def stop_sandbox(self, _):
        os.kill(self.sandbox.process.pid, signal.SIGSTOP)
        time.sleep(self.chance.uniform(0.1, 3))
        os.kill(self.sandbox.process.pid, signal.SIGCONT)
        return False

    def clock_jumps(self, _):
        self.set_clock(self.chance.choice([-86400, -3600, -30, 30, 3600, 86400 * 40]))
        return False

    def disk_fills(self, _):
        with open(self.filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(1 << 16))
            except OSError:
                pass
        return True

    def disk_read_only(self, importer):
        """The file system can be made so only while nobody writes."""
        importer.send_signal(signal.SIGKILL)
        importer.wait()
        subprocess.run(["mount", "-o", "remount,ro", self.disk], check=True)
        return True

    def after(self, name):
        if name == "disk_fills" and os.path.exists(self.filler):
            os.remove(self.filler)
        if name == "disk_read_only":
            subprocess.run(["mount", "-o", "remount,rw", self.disk], check=True)
