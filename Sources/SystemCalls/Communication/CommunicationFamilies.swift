import Kernel

/// Futexes, time, polling, event descriptors, pipes, sockets, System V IPC, message queues, limits, scheduling, the rest.
func registerCommunicationFamilies(_ table: inout SystemCallTable) {}
