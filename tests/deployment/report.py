"""Progress output: one line per step, and the last observed state if a condition was not met."""

import time

PATIENCE = 60
PAUSE = 0.1


class Failure(Exception):
    """An unexpected response, or a state that was not reached."""


class Report:
    """Counts the steps and prints them."""

    def __init__(self):
        self.steps = 0
        self.began = time.monotonic()

    def step(self, text):
        """Reports a completed step."""
        self.steps += 1
        print(f"{time.monotonic() - self.began:5.1f} s  {text}", flush=True)


def expect(holds, what, seen):
    """Fails with the observed value unless the condition holds."""
    if not holds:
        raise Failure(f"expected: {what}\nseen: {seen}")


def eventually(what, look, fits, between=lambda: None):
    """Polls until the value fits and returns it; `between` may abort the wait with its own failure."""
    began = time.monotonic()
    while True:
        seen = look()
        between()
        if fits(seen):
            return seen
        expect(time.monotonic() - began < PATIENCE, f"{what} within {PATIENCE} s", seen)
        time.sleep(PAUSE)
