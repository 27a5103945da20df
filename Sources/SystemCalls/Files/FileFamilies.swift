import Kernel

/// Descriptors, reading and writing, paths, attributes, directories, mounts, locks, inotify.
func registerFileFamilies(_ table: inout SystemCallTable) {}
