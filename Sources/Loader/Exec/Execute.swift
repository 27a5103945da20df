import HostOS
import Identity
import Kernel
import LinuxABI
import Memory
import Platform
import VFS

/// execve(2), up to the point of no return.
public struct ExecRequest {
    /// As the caller named it: AT_EXECFN, and a script's argument.
    public var fileName: [UInt8]
    public var path: Path
    public var strings: ProgramStrings
    /// The file was named by a descriptor that closes at exec: a script's interpreter could not open it.
    public var isInaccessible = false

    public init(fileName: [UInt8], path: Path, strings: ProgramStrings) {
        self.fileName = fileName
        self.path = path
        self.strings = strings
    }
}

extension Task {
    /// Loads a program into a fresh address space and lets the task go on in it. On the task's own thread.
    ///
    /// - Throws: what execve(2) says; the task is unchanged then.
    public func execute(_ request: ExecRequest) throws(Errno) {
        let image = try loadProgram(request)
        do throws(Errno) { try commit(image) } catch {
            image.context.end()
            throw error
        }
    }

    /// All of exec that can fail.
    func loadProgram(_ original: ExecRequest) throws(Errno) -> ExecImage {
        var request = original
        if request.strings.arguments.isEmpty { request.strings.arguments = [[]] }
        try request.strings.check(stackLimit: limit(Limits.RLIMIT_STACK))
        var program = try Executable(request.path, self)
        var depth = 0
        while ScriptLine.isScript(program.start) {
            depth += 1
            if depth > 5 { throw .ELOOP }
            let line = try ScriptLine(program.start)
            if request.isInaccessible { throw .ENOENT }
            request.strings.arguments.removeFirst()
            request.strings.arguments.insert(contentsOf: [line.interpreter] + (line.argument.map { [$0] } ?? []) + [request.fileName], at: 0)
            try request.strings.check(stackLimit: limit(Limits.RLIMIT_STACK))
            request.fileName = line.interpreter
            program = try Executable(try resolve(line.interpreter), self)
        }
        let hold = try ProgramHold(program.file.inode)
        let identity = try ExecCredentials(self, program.file)
        let file = program.file
        let elf = try readELF(file, program.start)
        let interpreter = try openInterpreter(elf, file)

        let source = ProgramSource(self, file)
        let other = interpreter.map { (image: $0.image, source: ProgramSource(self, $0.file)) }
        let vdso = VDSO.shared.file(for: group.container.source.hostVDSO)
        let context = try group.container.source.makeAddressSpace(
            for: [source.host, other?.source.host, vdso].compactMap { $0?.fd })
        do throws(Errno) {
            try context.bind()
            VDSO.shared.tell(context.addressSpace)
            let mm = MemoryManager(addressSpace: context.addressSpace)
            try mm.inheritHugePages(from: self.mm, by: context)
            mm.executable = file.path
            mm.programHold = hold
            mm.dumpable = identity.isSecure || !program.isReadable ? 0 : 1
            let place = try ProgramPlacer(task: self, context: context, mm: mm)
                .place(elf, source, other, vdso, request.strings, fileName: original.fileName, identity)
            return ExecImage(context: context, mm: mm, credentials: identity.credentials,
                             name: Self.lastName(original.fileName), isSecure: identity.isSecure,
                             startAddress: place.start, stackPointer: place.stackPointer)
        } catch {
            context.end()
            throw error
        }
    }

    /// comm: the last part of the name that was given; a script keeps its own.
    private static func lastName(_ fileName: [UInt8]) -> [UInt8] {
        let name = fileName.lastIndex(of: UInt8(ascii: "/")).map { fileName[($0 + 1)...] } ?? fileName[...]
        return Array(name.prefix(15))
    }

    private func readELF(_ file: OpenFile, _ start: [UInt8]) throws(Errno) -> ELFImage {
        try ELFImage(header: start, limit: mm.addressSpace.limit.rawValue) { (offset, count) throws(Errno) in
            try file.bytes(at: offset, count, by: self)
        }
    }

    private func openInterpreter(_ elf: ELFImage, _ file: OpenFile) throws(Errno) -> (image: ELFImage, file: OpenFile)? {
        guard let place = elf.interpreter else { return nil }
        var name = try file.bytes(at: place.offset, Int(place.size), by: self)
        if name.count < Int(place.size) { throw .EIO }
        if name.last != 0 { throw .ENOEXEC }
        name.removeLast()
        let path = Array(name.prefix { $0 != 0 })
        let interpreter = try Executable(try resolve(path), self)
        do throws(Errno) {
            return (try readELF(interpreter.file, interpreter.start), interpreter.file)
        } catch {
            throw error == .ENOEXEC || error == .EINVAL ? .ELIBBAD : error
        }
    }
}
