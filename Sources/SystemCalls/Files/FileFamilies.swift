import Kernel

/// Descriptors, reading and writing, paths, attributes, directories, mounts, locks, inotify.
func registerFileFamilies(_ table: inout SystemCallTable) {
    registerReadingAndWriting(&table)
    registerOpening(&table)
    registerDescriptors(&table)
    registerFileControl(&table)
    registerFileStatus(&table)
    registerDirectoryCalls(&table)
    registerNames(&table)
    registerAttributeChanges(&table)
    registerExtendedAttributes(&table)
    registerFileSpace(&table)
    registerFileCopying(&table)
    registerFileSystemStatus(&table)
    registerMounting(&table)
    registerInotify(&table)
    registerMemoryFiles(&table)
}
