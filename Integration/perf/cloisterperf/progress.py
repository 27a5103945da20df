"""What the user sees while it runs: one line that says where we are and how long it still takes."""
import sys
import time

from .units import span


class Progress:
    """Lines that stay (`say`) and one that is rewritten on a terminal (`status`)."""

    def __init__(self, stream=None):
        self.stream = stream or sys.stderr
        self.terminal = self.stream.isatty()
        self.shown = ""
        self.last = 0.0

    def clear(self):
        if self.terminal and self.shown:
            self.stream.write("\r\033[K")
        self.shown = ""

    def say(self, text=""):
        self.clear()
        self.stream.write(text + "\n")
        self.stream.flush()

    def status(self, text):
        if self.terminal:
            self.stream.write("\r\033[K" + text[:150])
            self.shown = text
            self.stream.flush()
        elif time.monotonic() - self.last > 30:
            # Not a terminal, such as a CI log: a line now and then.
            self.last = time.monotonic()
            self.stream.write(text + "\n")
            self.stream.flush()


class Clock:
    """How long is left: estimates, corrected by how long what is done took, shared out when there is a limit."""

    # Seconds that each benchmark may take, however late it is: a short one is not worth leaving out.
    short = 5.0

    def __init__(self, estimates, limit=None, now=time.monotonic):
        self.estimates = dict(estimates)
        self.limit = limit
        self.now = now
        self.started = now()
        self.done_estimated = self.done_took = 0.0
        self.current = None
        self.current_started = self.started

    def begin(self, name):
        self.current, self.current_started = name, self.now()

    def end(self):
        if self.current in self.estimates:
            self.done_estimated += self.estimates.pop(self.current)
            self.done_took += self.now() - self.current_started
        self.current = None

    @property
    def factor(self):
        """How wrong the estimates were so far; the first minute says little."""
        return (self.done_took + 60) / (self.done_estimated + 60)

    def allowance(self):
        """Seconds that the current benchmark may take, so that those after it have theirs; None without a limit."""
        if self.limit is None:
            return None
        left = self.limit - (self.current_started - self.started)
        ahead = sum(self.estimates.values())
        return max(self.short, left * self.estimates.get(self.current, 0) / ahead if ahead else left)

    def remaining(self):
        ahead = sum(self.estimates.values()) * self.factor
        if self.current in self.estimates:
            here = self.estimates[self.current] * self.factor
            ahead -= min(here, self.now() - self.current_started)
        if self.limit is not None:
            ahead = min(ahead, self.limit - (self.now() - self.started))
        return ahead

    def text(self):
        return span(self.remaining()) + " left"
