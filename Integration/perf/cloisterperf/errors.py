"""Errors that the user is meant to read: no trace, one sentence, and what to do."""


class Complaint(Exception):
    """Something the user can put right. `install` is the command that helps, if one does."""

    def __init__(self, what, install=None):
        super().__init__(what)
        self.what = what
        self.install = install

    def __str__(self):
        return f"{self.what}\n    to get it: {self.install}" if self.install else self.what


class Unsupported(Exception):
    """A runtime cannot run this test: the reason stands in the table, and the others go on."""


class BadSample(Exception):
    """A workload failed or printed something unexpected: the sample is dropped and counted.

    `output` is what it printed; its last lines are shown.
    """

    def __init__(self, why, output=""):
        super().__init__(why)
        self.why = why
        self.output = output

    def last_lines(self, count=5):
        lines = [line for line in self.output.replace("\r", "\n").split("\n") if line.strip()]
        return lines[-count:]
