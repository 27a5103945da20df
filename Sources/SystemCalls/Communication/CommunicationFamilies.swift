import Kernel

/// Futexes, time, polling, event descriptors, pipes, sockets, System V IPC, message queues, limits, scheduling, the rest.
func registerCommunicationFamilies(_ table: inout SystemCallTable) {
    registerFutexes(&table)
    registerClocks(&table)
    registerTimers(&table)
    registerPolling(&table)
    registerEventDescriptors(&table)
    registerEpoll(&table)
    registerPipes(&table)
    registerSockets(&table)
    registerSemaphores(&table)
    registerMessageQueues(&table)
    registerSharedMemory(&table)
    registerPosixMessageQueues(&table)
    registerSeccomp(&table)
    registerResourceLimits(&table)
    registerScheduling(&table)
    registerSystemInformation(&table)
    registerAdministrativeCalls(&table)
}
