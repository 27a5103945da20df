import Kernel

/// Life of processes and threads, exec, wait, signals, memory, identity, sessions, namespaces, ptrace.
func registerProcessFamilies(_ table: inout SystemCallTable) {}
