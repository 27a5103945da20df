import Kernel
import LinuxABI
import Memory
import VFS

extension Task {
    /// Lets the guest's threads read `file`, and write it if they may, without a call, as far as the platform can do that.
    /// On the task's own thread, in a call.
    ///
    /// - Parameters:
    ///   - fd: what means the file.
    ///   - moves: whether the call used the file's position.
    @inline(never)
    func view(_ file: OpenFile, _ fd: Int32, moves: Bool) {
        file.wantsView.store(false, ordering: .relaxed)
        guard context.makesViews, !file.mayBeWatched else { return }
        // What a limit would cut short is written here.
        guard let request = file.viewRequest(writable: limit(Limits.RLIMIT_FSIZE) >= UInt64(Int64.max)) else {
            return file.refuseView()
        }
        let table = files
        guard let (view, isNew) = try? context.makeView(request, descriptor: fd, files: table.id) else { return file.refuseView() }
        if isNew {
            file.add(view)
            if !table.attach(view, to: fd, of: file, { context.use(view) }) || file.mayBeWatched { return view.withdraw() }
            context.use(files: table.id)
        }
        if moves, !file.ignoresPosition { file.lendPosition(to: view) }
    }
}
