"""What the scripts of the benchmark share: running one process to its end, with its account."""

import os
import subprocess
import tempfile
import time


class WrongAnswer(Exception):
    pass


def child(command, environment):
    """Runs a command to its end: its output, CPU seconds and wall seconds."""
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as output:
        start = time.monotonic()
        process = subprocess.Popen(command, stdout=output, stderr=errors, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode != 0:
            tail = errors.read().decode(errors="replace").strip().splitlines()[-3:]
            raise WrongAnswer(f"{' '.join(command)} ended with status {process.returncode}: {' / '.join(tail)}")
        return output.read().decode(), usage.ru_utime + usage.ru_stime, wall
