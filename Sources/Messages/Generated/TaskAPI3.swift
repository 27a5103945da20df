// Generated from Protos/task_v3.proto by Protos/generate. Do not edit.
import CMessages

/// containerd's task service, version 3: the methods and messages of version 2 under another name.
public enum TaskAPI3 {
    /// The methods of containerd.task.v3.Task.
    public enum Method: String, CaseIterable, Sendable {
        case state = "State"
        case create = "Create"
        case start = "Start"
        case delete = "Delete"
        case pids = "Pids"
        case pause = "Pause"
        case resume = "Resume"
        case checkpoint = "Checkpoint"
        case kill = "Kill"
        case exec = "Exec"
        case resizePty = "ResizePty"
        case closeIO = "CloseIO"
        case update = "Update"
        case wait = "Wait"
        case stats = "Stats"
        case connect = "Connect"
        case shutdown = "Shutdown"

        public static var service: String { "containerd.task.v3.Task" }
    }
}
