"""What the lane tells: one line a step, and what was seen last when something did not come true."""

import time

PATIENCE = 60
PAUSE = 0.1


class Failure(Exception):
    """An answer nobody expected, or a state that was not reached."""


class Report:
    """Counts the steps and prints them."""

    def __init__(self):
        self.steps = 0
        self.began = time.monotonic()

    def step(self, text):
        """Tells that something came true."""
        self.steps += 1
        print(f"{time.monotonic() - self.began:5.1f} s  {text}", flush=True)


def expect(holds, what, seen):
    """Fails with what was seen unless it holds."""
    if not holds:
        raise Failure(f"expected: {what}\nseen: {seen}")


def eventually(what, look, fits, between=lambda: None):
    """Looks until it fits, and gives what was seen then; `between` may end the wait with a failure of its own."""
    began = time.monotonic()
    while True:
        seen = look()
        between()
        if fits(seen):
            return seen
        expect(time.monotonic() - began < PATIENCE, f"{what} within {PATIENCE} s", seen)
        time.sleep(PAUSE)
