"""The child processes: the AWS emulator and the simulated Meta, both on loopback only."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

from report import Failure

REGION = "us-east-1"
START = 30
STOP = 5


class Child:
    """A process in its own process group, so that its children end with it."""

    def __init__(self, command, environment, log):
        self.log = log
        with open(log, "wb") as output:
            self.process = subprocess.Popen(
                [str(part) for part in command], env=environment, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True)

    def wait_for(self, url):
        """Returns once something answers at `url`."""
        began = time.monotonic()
        while time.monotonic() - began < START and self.process.poll() is None:
            try:
                urllib.request.urlopen(url, timeout=5).read()
                return
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.05)
        raise Failure(f"nothing answers at {url}:\n{self.log.read_text(errors='replace')[-4000:]}")

    def stop(self):
        """Ends the group: first with SIGTERM, then with SIGKILL."""
        for end in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, end)
            except ProcessLookupError:
                return
            if self.is_gone():
                return

    def is_gone(self):
        """Whether the group is empty, after at most five seconds."""
        began = time.monotonic()
        while time.monotonic() - began < STOP:
            self.process.poll()
            try:
                os.killpg(self.process.pid, 0)
            except ProcessLookupError:
                return True
            time.sleep(0.02)
        return False


def free_port():
    """A currently free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def emulator(scratch, port, functions_call):
    """Starts ministack with enforced policies; `functions_call` is the AWS endpoint of the functions."""
    state = scratch / "emulator"
    state.mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(state),
        "TMPDIR": str(state),
        "STATE_DIR": str(state / "state"),
        "S3_DATA_DIR": str(state / "s3"),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "AUTH": "true",
        "LAMBDA_EXECUTOR": "local",
        "MINISTACK_REGION": REGION,
        "AWS_ENDPOINT_URL": functions_call,
    }
    return Child([sys.executable, "-m", "ministack"], environment, scratch / "emulator.log")


def simulator(binary, scratch, port, webhook_url):
    """Starts the simulated Meta with its default identity, for which the stack is deployed."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(scratch)}
    return Child([binary, port, webhook_url], environment, scratch / "simulator.log")
