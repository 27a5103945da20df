// Generated from Protos/runtime_options.proto by Protos/generate. Do not edit.
import CMessages

/// Options of a runtime other than runc, from containerd's configuration. Also known as io.containerd.runtimeoptions.v1.
public enum RuntimeOptions {
    public struct Options: Message, Equatable {
        /// What the configuration is, in the administrator's words.
        public var typeURL: String = ""
        public var configPath: String = ""
        /// The configuration itself, as TOML, when no path is given.
        public var configBody: [UInt8] = []

        public init() {}

        public init(typeURL: String = "", configPath: String = "", configBody: [UInt8] = []) {
            self.typeURL = typeURL
            self.configPath = configPath
            self.configBody = configBody
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }
}

extension RuntimeOptions.Options: @unsafe CBacked {
    init(reading c: Runtimeoptions__V1__Options) {
        typeURL = unsafe CTree.text(c.type_url)
        configPath = unsafe CTree.text(c.config_path)
        configBody = unsafe CTree.blob(c.config_body)
    }

    static func prepare(_ c: UnsafeMutablePointer<Runtimeoptions__V1__Options>) { unsafe runtimeoptions__v1__options__init(c) }

    func write(to c: UnsafeMutablePointer<Runtimeoptions__V1__Options>, _ tree: CTree) {
        unsafe c.pointee.type_url = tree.text(typeURL)
        unsafe c.pointee.config_path = tree.text(configPath)
        unsafe c.pointee.config_body = tree.blob(configBody)
    }
}
