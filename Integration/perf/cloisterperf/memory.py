"""The host's memory: how much is available, read when it has come to rest, and how sure one can be of a difference."""
import os
import re
import statistics
import time
from dataclasses import dataclass

from .errors import BadSample, Complaint

PAGE = os.sysconf("SC_PAGE_SIZE")
# Readings that differ by less than this are the same; so many of them in a row, so many seconds apart.
STEADY = 2_000_000
READINGS, APART = 5, 0.1
# A difference is given up if it is less sure than itself and than so many bytes for each container.
HOPELESS = 4_000_000


def available():
    """Bytes that programs could have: MemAvailable, and the free pages that the kernel keeps in a list per processor.

    MemAvailable leaves those lists out, and since Linux 6.7 they grow to an eighth of the memory: gigabytes that one
    workload freed and the next one takes, without any change of MemAvailable.
    """
    with open("/proc/meminfo") as file:
        found = re.search(r"^MemAvailable:\s+([0-9]+) kB", file.read(), re.M)
    if not found:
        raise Complaint("/proc/meminfo has no MemAvailable")
    with open("/proc/zoneinfo") as file:
        return int(found.group(1)) * 1024 + PAGE * in_lists(file.read())


def in_lists(zoneinfo):
    """Pages in the lists of all processors, from /proc/zoneinfo."""
    return sum(map(int, re.findall(r"^\s+count:\s+([0-9]+)$", zoneinfo, re.M)))


def drop_caches():
    """Empties the page cache, so that reads come from the disk and free memory can be compared."""
    os.sync()
    with open("/proc/sys/vm/drop_caches", "w") as file:
        file.write("3")


@dataclass(frozen=True)
class Level:
    """Available bytes: the median of some readings, and how far these are apart."""
    bytes: float
    spread: float


def settled(patience, read=available, drop=drop_caches, sleep=time.sleep):
    """The level once it is steady, or after `patience` seconds with the spread that it has then."""
    drop()
    readings = [read()]
    for _ in range(max(READINGS - 1, int(patience / APART))):
        sleep(APART)
        readings.append(read())
        last = readings[-READINGS:]
        if len(last) == READINGS and max(last) - min(last) <= STEADY:
            break
    last = readings[-READINGS:]
    return Level(statistics.median(last), max(last) - min(last))


@dataclass(frozen=True)
class Use:
    """What each of many containers took of the machine, and by how much that may be wrong; both in bytes."""
    each: float
    unsure: float

    @property
    def remark(self):
        """What has to be said beside the figure; nothing if it is sure to a tenth."""
        if self.unsure <= 0.1 * self.each:
            return ""
        return f"±{self.unsure / 1e6:.2g} MB each: the machine's memory moved meanwhile"

    def check(self):
        """Raises BadSample if the figure says nothing."""
        if self.unsure > max(self.each, HOPELESS):
            raise BadSample(f"the machine is too busy: its available memory moved by {self.unsure / 1e6:.0f} MB for each"
                            " container meanwhile")


def use(before, during, afterwards, count):
    """From the levels before, with and after `count` containers: what moves steadily for other reasons is taken out."""
    taken = (before.bytes + afterwards.bytes) / 2 - during.bytes
    moved = abs(before.bytes - afterwards.bytes) / 2
    return Use(taken / count, (moved + max(before.spread, during.spread, afterwards.spread)) / count)
