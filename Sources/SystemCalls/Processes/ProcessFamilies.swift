import Kernel

/// Life of processes and threads, exec, wait, signals, memory, identity, sessions, namespaces.
func registerProcessFamilies(_ table: inout SystemCallTable) {
    registerClone(&table)
    registerExec(&table)
    registerExitAndWait(&table)
    registerIdentifiers(&table)
    registerSignalState(&table)
    registerKill(&table)
    registerMapping(&table)
    registerMemoryAdvice(&table)
    registerMemoryPolicy(&table)
    registerRemoteMemory(&table)
    registerUserIdentity(&table)
    registerCapabilities(&table)
    registerProcessControl(&table)
    registerArchitecture(&table)
    registerNamespaces(&table)
    registerProcessDescriptors(&table)
    registerTrace(&table)
}
