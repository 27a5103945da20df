"""Names of runtimes on the command line, and programs that are not what they should be."""
import os
import stat
import tempfile
import unittest

from cloisterperf import runtimes
from cloisterperf.errors import Complaint


def program(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write("#!/bin/sh\n" + text)
    os.chmod(path, 0o755)
    return path


class Names(unittest.TestCase):
    def test_known(self):
        self.assertEqual(runtimes.parse("runc").command, ("runc",))
        self.assertEqual(runtimes.parse("runc").type, "io.containerd.runc.v2")

    def test_platform(self):
        runtime = runtimes.parse("cloister:ptrace")
        self.assertEqual(runtime.name, "cloister:ptrace")
        self.assertEqual(runtime.command[1:], ("--platform=ptrace",))
        self.assertIn('"ptrace"', runtime.configuration)

    def test_command_line(self):
        runtime = runtimes.parse("mine=/opt/my runtime --flag='a b'".replace("my runtime", "my-runtime"))
        self.assertEqual((runtime.name, runtime.command), ("mine", ("/opt/my-runtime", "--flag=a b")))

    def test_containerd_type(self):
        for text, name in (("io.containerd.cloister.v2", "io.containerd.cloister.v2"), ("pod=io.containerd.kata.v2", "pod")):
            runtime = runtimes.parse(text)
            self.assertEqual((runtime.name, runtime.command), (name, ()))
            self.assertTrue(runtime.type.startswith("io.containerd."))

    def test_unknown_names_the_nearest(self):
        with self.assertRaisesRegex(Complaint, "did you mean runc"):
            runtimes.parse("rucn")
        with self.assertRaisesRegex(Complaint, "did you mean cloister:ptrace"):
            runtimes.parse("cloister:ptrac e".replace(" ", "-"))

    def test_nonsense(self):
        for text in ("", "=", "a=", "a b=runc", "runc:kvm", "no-such-thing-at-all"):
            with self.assertRaises(Complaint, msg=text):
                runtimes.parse(text)

    def test_one_name_twice(self):
        with self.assertRaisesRegex(Complaint, "two runtimes"):
            runtimes.parse_all(["runc", "runc=/usr/sbin/runc"])

    def test_gvisor_needs_to_be_told_that_there_is_no_network(self):
        self.assertIn("--network=none", runtimes.parse("runsc").words(networked=False))
        own = runtimes.parse("runsc=/usr/bin/runsc --network=host")
        self.assertEqual(own.words(networked=True), ["/usr/bin/runsc", "--network=host"])


    def test_crun_does_not_see_what_it_refuses(self):
        crun, before = runtimes.parse("crun"), runtimes.UNIFIED
        try:
            with tempfile.TemporaryDirectory() as folder:
                runtimes.UNIFIED = folder
                self.assertEqual(crun.words(networked=False), ["crun"])
                for controllers, hidden in (("\n", False), ("hugetlb\n", True)):
                    with open(os.path.join(folder, "cgroup.controllers"), "w") as file:
                        file.write(controllers)
                    self.assertEqual("umount" in " ".join(crun.words(networked=False)), hidden)
                self.assertEqual(crun.words(networked=True)[-1], "crun")
        finally:
            runtimes.UNIFIED = before
        self.assertEqual([runtimes.parse(name).wrapped for name in ("runc", "crun", "cloister", "x=/bin/x")],
                         [False, True, False, True])


class Versions(unittest.TestCase):
    def test_missing_program_names_what_installs_it(self):
        runtime = runtimes.Runtime("gone", ("no-such-program-here",), install="apt-get install gone")
        with self.assertRaisesRegex(Complaint, "apt-get install gone"):
            runtime.version()

    def test_version_that_fails(self):
        with tempfile.TemporaryDirectory() as folder:
            path = program(folder, "bad", "echo cannot do it >&2; exit 3\n")
            with self.assertRaisesRegex(Complaint, "status 3: cannot do it"):
                runtimes.Runtime("bad", (path,)).version()

    def test_version_is_the_first_line(self):
        with tempfile.TemporaryDirectory() as folder:
            path = program(folder, "good", "echo good 1.2; echo more\n")
            self.assertEqual(runtimes.Runtime("good", (path, "--flag")).version(), "good 1.2")
            self.assertTrue(os.stat(path).st_mode & stat.S_IXUSR)
