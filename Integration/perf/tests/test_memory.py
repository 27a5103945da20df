"""The host's available memory: where the kernel hides free pages, when a level is steady, what a difference is worth."""
import unittest

from cloisterperf import memory
from cloisterperf.errors import BadSample
from cloisterperf.memory import Level

ZONEINFO = """Node 0, zone   Normal
  pages free     100
        boost    0
      nr_free_pages 100
  pagesets
    cpu: 0
              count:    7664
              high:     23848
              batch:    63
    cpu: 1
              count:    14
              high:     15472
"""


class Readings:
    """Gives one reading after the other, the last one again and again."""

    def __init__(self, *values):
        self.values, self.taken, self.dropped = list(values), 0, 0

    def read(self):
        self.taken += 1
        return self.values[min(self.taken, len(self.values)) - 1]

    def drop(self):
        self.dropped += 1

    def settled(self, patience):
        return memory.settled(patience, self.read, self.drop, lambda seconds: None)


class Memory(unittest.TestCase):
    def test_lists_of_all_processors_count(self):
        self.assertEqual(memory.in_lists(ZONEINFO), 7678)
        self.assertGreater(memory.available(), 0)

    def test_a_steady_machine_is_read_a_few_times(self):
        readings = Readings(5e9, 5e9 + 1e6, 5e9)
        self.assertEqual(readings.settled(10), Level(5e9, 1e6))
        self.assertEqual((readings.taken, readings.dropped), (memory.READINGS, 1))

    def test_what_is_still_being_freed_is_waited_for(self):
        readings = Readings(1e9, 2e9, 3e9, 4e9, 5e9)
        self.assertEqual(readings.settled(10), Level(5e9, 0))

    def test_patience_ends(self):
        readings = Readings(*(1e9 * turn for turn in range(1000)))
        level = readings.settled(2)
        self.assertEqual(level.spread, (memory.READINGS - 1) * 1e9)
        self.assertEqual(readings.taken, 1 + 2 / memory.APART)

    def test_a_steady_drift_is_taken_out(self):
        used = memory.use(Level(10e9, 0), Level(9.85e9, 0), Level(9.9e9, 0), 50)
        self.assertAlmostEqual(used.each, 2e6)
        self.assertAlmostEqual(used.unsure, 1e6)
        self.assertIn("±1 MB", used.remark)
        used.check()

    def test_a_quiet_machine_needs_no_remark(self):
        used = memory.use(Level(10e9, 1e6), Level(9.9e9, 2e6), Level(10e9, 0), 50)
        self.assertEqual((used.each, used.unsure, used.remark), (2e6, 4e4, ""))

    def test_less_than_nothing_is_said_with_a_remark(self):
        used = memory.use(Level(10e9, 1e6), Level(10.01e9, 0), Level(10e9, 0), 10)
        self.assertEqual(used.each, -1e6)
        self.assertNotEqual(used.remark, "")
        used.check()

    def test_a_figure_that_says_nothing_is_dropped(self):
        with self.assertRaisesRegex(BadSample, "too busy"):
            memory.use(Level(10e9, 0), Level(9.9e9, 0), Level(9e9, 0), 50).check()
