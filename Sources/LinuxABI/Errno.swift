/// An error number of Linux (asm-generic/errno-base.h, errno.h), thrown typed: no box, no allocation.
///
/// The kernel-internal restart codes (include/linux/errno.h) are values of this type too. They never reach a guest.
public struct Errno: Error, RawRepresentable, Hashable, Sendable {
    public var rawValue: Int32

    @inlinable @inline(__always) public init(rawValue: Int32) { self.rawValue = rawValue }

    @usableFromInline @inline(__always) init(_ rawValue: Int32) { self.rawValue = rawValue }

    /// What a system call returns in RAX for this error.
    @inlinable public var returnValue: UInt64 { UInt64(bitPattern: -Int64(rawValue)) }
}

extension Errno {
    @inlinable public static var EPERM: Self { Self(1) }
    @inlinable public static var ENOENT: Self { Self(2) }
    @inlinable public static var ESRCH: Self { Self(3) }
    @inlinable public static var EINTR: Self { Self(4) }
    @inlinable public static var EIO: Self { Self(5) }
    @inlinable public static var ENXIO: Self { Self(6) }
    @inlinable public static var E2BIG: Self { Self(7) }
    @inlinable public static var ENOEXEC: Self { Self(8) }
    @inlinable public static var EBADF: Self { Self(9) }
    @inlinable public static var ECHILD: Self { Self(10) }
    @inlinable public static var EAGAIN: Self { Self(11) }
    @inlinable public static var ENOMEM: Self { Self(12) }
    @inlinable public static var EACCES: Self { Self(13) }
    @inlinable public static var EFAULT: Self { Self(14) }
    @inlinable public static var ENOTBLK: Self { Self(15) }
    @inlinable public static var EBUSY: Self { Self(16) }
    @inlinable public static var EEXIST: Self { Self(17) }
    @inlinable public static var EXDEV: Self { Self(18) }
    @inlinable public static var ENODEV: Self { Self(19) }
    @inlinable public static var ENOTDIR: Self { Self(20) }
    @inlinable public static var EISDIR: Self { Self(21) }
    @inlinable public static var EINVAL: Self { Self(22) }
    @inlinable public static var ENFILE: Self { Self(23) }
    @inlinable public static var EMFILE: Self { Self(24) }
    @inlinable public static var ENOTTY: Self { Self(25) }
    @inlinable public static var ETXTBSY: Self { Self(26) }
    @inlinable public static var EFBIG: Self { Self(27) }
    @inlinable public static var ENOSPC: Self { Self(28) }
    @inlinable public static var ESPIPE: Self { Self(29) }
    @inlinable public static var EROFS: Self { Self(30) }
    @inlinable public static var EMLINK: Self { Self(31) }
    @inlinable public static var EPIPE: Self { Self(32) }
    @inlinable public static var EDOM: Self { Self(33) }
    @inlinable public static var ERANGE: Self { Self(34) }
    @inlinable public static var EDEADLK: Self { Self(35) }
    @inlinable public static var ENAMETOOLONG: Self { Self(36) }
    @inlinable public static var ENOLCK: Self { Self(37) }
    @inlinable public static var ENOSYS: Self { Self(38) }
    @inlinable public static var ENOTEMPTY: Self { Self(39) }
    @inlinable public static var ELOOP: Self { Self(40) }
    @inlinable public static var ENOMSG: Self { Self(42) }
    @inlinable public static var EIDRM: Self { Self(43) }
    @inlinable public static var ECHRNG: Self { Self(44) }
    @inlinable public static var EL2NSYNC: Self { Self(45) }
    @inlinable public static var EL3HLT: Self { Self(46) }
    @inlinable public static var EL3RST: Self { Self(47) }
    @inlinable public static var ELNRNG: Self { Self(48) }
    @inlinable public static var EUNATCH: Self { Self(49) }
    @inlinable public static var ENOCSI: Self { Self(50) }
    @inlinable public static var EL2HLT: Self { Self(51) }
    @inlinable public static var EBADE: Self { Self(52) }
    @inlinable public static var EBADR: Self { Self(53) }
    @inlinable public static var EXFULL: Self { Self(54) }
    @inlinable public static var ENOANO: Self { Self(55) }
    @inlinable public static var EBADRQC: Self { Self(56) }
    @inlinable public static var EBADSLT: Self { Self(57) }
    @inlinable public static var EBFONT: Self { Self(59) }
    @inlinable public static var ENOSTR: Self { Self(60) }
    @inlinable public static var ENODATA: Self { Self(61) }
    @inlinable public static var ETIME: Self { Self(62) }
    @inlinable public static var ENOSR: Self { Self(63) }
    @inlinable public static var ENONET: Self { Self(64) }
    @inlinable public static var ENOPKG: Self { Self(65) }
    @inlinable public static var EREMOTE: Self { Self(66) }
    @inlinable public static var ENOLINK: Self { Self(67) }
    @inlinable public static var EADV: Self { Self(68) }
    @inlinable public static var ESRMNT: Self { Self(69) }
    @inlinable public static var ECOMM: Self { Self(70) }
    @inlinable public static var EPROTO: Self { Self(71) }
    @inlinable public static var EMULTIHOP: Self { Self(72) }
    @inlinable public static var EDOTDOT: Self { Self(73) }
    @inlinable public static var EBADMSG: Self { Self(74) }
    @inlinable public static var EOVERFLOW: Self { Self(75) }
    @inlinable public static var ENOTUNIQ: Self { Self(76) }
    @inlinable public static var EBADFD: Self { Self(77) }
    @inlinable public static var EREMCHG: Self { Self(78) }
    @inlinable public static var ELIBACC: Self { Self(79) }
    @inlinable public static var ELIBBAD: Self { Self(80) }
    @inlinable public static var ELIBSCN: Self { Self(81) }
    @inlinable public static var ELIBMAX: Self { Self(82) }
    @inlinable public static var ELIBEXEC: Self { Self(83) }
    @inlinable public static var EILSEQ: Self { Self(84) }
    @inlinable public static var ERESTART: Self { Self(85) }
    @inlinable public static var ESTRPIPE: Self { Self(86) }
    @inlinable public static var EUSERS: Self { Self(87) }
    @inlinable public static var ENOTSOCK: Self { Self(88) }
    @inlinable public static var EDESTADDRREQ: Self { Self(89) }
    @inlinable public static var EMSGSIZE: Self { Self(90) }
    @inlinable public static var EPROTOTYPE: Self { Self(91) }
    @inlinable public static var ENOPROTOOPT: Self { Self(92) }
    @inlinable public static var EPROTONOSUPPORT: Self { Self(93) }
    @inlinable public static var ESOCKTNOSUPPORT: Self { Self(94) }
    @inlinable public static var EOPNOTSUPP: Self { Self(95) }
    @inlinable public static var EPFNOSUPPORT: Self { Self(96) }
    @inlinable public static var EAFNOSUPPORT: Self { Self(97) }
    @inlinable public static var EADDRINUSE: Self { Self(98) }
    @inlinable public static var EADDRNOTAVAIL: Self { Self(99) }
    @inlinable public static var ENETDOWN: Self { Self(100) }
    @inlinable public static var ENETUNREACH: Self { Self(101) }
    @inlinable public static var ENETRESET: Self { Self(102) }
    @inlinable public static var ECONNABORTED: Self { Self(103) }
    @inlinable public static var ECONNRESET: Self { Self(104) }
    @inlinable public static var ENOBUFS: Self { Self(105) }
    @inlinable public static var EISCONN: Self { Self(106) }
    @inlinable public static var ENOTCONN: Self { Self(107) }
    @inlinable public static var ESHUTDOWN: Self { Self(108) }
    @inlinable public static var ETOOMANYREFS: Self { Self(109) }
    @inlinable public static var ETIMEDOUT: Self { Self(110) }
    @inlinable public static var ECONNREFUSED: Self { Self(111) }
    @inlinable public static var EHOSTDOWN: Self { Self(112) }
    @inlinable public static var EHOSTUNREACH: Self { Self(113) }
    @inlinable public static var EALREADY: Self { Self(114) }
    @inlinable public static var EINPROGRESS: Self { Self(115) }
    @inlinable public static var ESTALE: Self { Self(116) }
    @inlinable public static var EUCLEAN: Self { Self(117) }
    @inlinable public static var ENOTNAM: Self { Self(118) }
    @inlinable public static var ENAVAIL: Self { Self(119) }
    @inlinable public static var EISNAM: Self { Self(120) }
    @inlinable public static var EREMOTEIO: Self { Self(121) }
    @inlinable public static var EDQUOT: Self { Self(122) }
    @inlinable public static var ENOMEDIUM: Self { Self(123) }
    @inlinable public static var EMEDIUMTYPE: Self { Self(124) }
    @inlinable public static var ECANCELED: Self { Self(125) }
    @inlinable public static var ENOKEY: Self { Self(126) }
    @inlinable public static var EKEYEXPIRED: Self { Self(127) }
    @inlinable public static var EKEYREVOKED: Self { Self(128) }
    @inlinable public static var EKEYREJECTED: Self { Self(129) }
    @inlinable public static var EOWNERDEAD: Self { Self(130) }
    @inlinable public static var ENOTRECOVERABLE: Self { Self(131) }
    @inlinable public static var ERFKILL: Self { Self(132) }
    @inlinable public static var EHWPOISON: Self { Self(133) }
    @inlinable public static var EWOULDBLOCK: Self { Self(11) }
    @inlinable public static var ENOTSUP: Self { Self(95) }
}

/// Restart codes: the call was interrupted, and what happens next depends on how the signal is handled.
extension Errno {
    /// Restart if the handler has SA_RESTART or no handler runs; else EINTR.
    @inlinable public static var ERESTARTSYS: Self { Self(512) }
    /// Always restart.
    @inlinable public static var ERESTARTNOINTR: Self { Self(513) }
    /// Restart if no handler runs; else EINTR.
    @inlinable public static var ERESTARTNOHAND: Self { Self(514) }
    /// Restart through restart_syscall(2) if no handler runs; else EINTR.
    @inlinable public static var ERESTART_RESTARTBLOCK: Self { Self(516) }

    @inlinable public var isRestart: Bool { rawValue >= 512 && rawValue <= 516 }
}

extension Errno: CustomStringConvertible {
    /// The symbolic name, such as "ENOENT"; a number for one without a name.
    public var description: String {
        switch rawValue {
        case 1: "EPERM"
        case 2: "ENOENT"
        case 3: "ESRCH"
        case 4: "EINTR"
        case 5: "EIO"
        case 6: "ENXIO"
        case 7: "E2BIG"
        case 8: "ENOEXEC"
        case 9: "EBADF"
        case 10: "ECHILD"
        case 11: "EAGAIN"
        case 12: "ENOMEM"
        case 13: "EACCES"
        case 14: "EFAULT"
        case 15: "ENOTBLK"
        case 16: "EBUSY"
        case 17: "EEXIST"
        case 18: "EXDEV"
        case 19: "ENODEV"
        case 20: "ENOTDIR"
        case 21: "EISDIR"
        case 22: "EINVAL"
        case 23: "ENFILE"
        case 24: "EMFILE"
        case 25: "ENOTTY"
        case 26: "ETXTBSY"
        case 27: "EFBIG"
        case 28: "ENOSPC"
        case 29: "ESPIPE"
        case 30: "EROFS"
        case 31: "EMLINK"
        case 32: "EPIPE"
        case 33: "EDOM"
        case 34: "ERANGE"
        case 35: "EDEADLK"
        case 36: "ENAMETOOLONG"
        case 37: "ENOLCK"
        case 38: "ENOSYS"
        case 39: "ENOTEMPTY"
        case 40: "ELOOP"
        case 42: "ENOMSG"
        case 43: "EIDRM"
        case 44: "ECHRNG"
        case 45: "EL2NSYNC"
        case 46: "EL3HLT"
        case 47: "EL3RST"
        case 48: "ELNRNG"
        case 49: "EUNATCH"
        case 50: "ENOCSI"
        case 51: "EL2HLT"
        case 52: "EBADE"
        case 53: "EBADR"
        case 54: "EXFULL"
        case 55: "ENOANO"
        case 56: "EBADRQC"
        case 57: "EBADSLT"
        case 59: "EBFONT"
        case 60: "ENOSTR"
        case 61: "ENODATA"
        case 62: "ETIME"
        case 63: "ENOSR"
        case 64: "ENONET"
        case 65: "ENOPKG"
        case 66: "EREMOTE"
        case 67: "ENOLINK"
        case 68: "EADV"
        case 69: "ESRMNT"
        case 70: "ECOMM"
        case 71: "EPROTO"
        case 72: "EMULTIHOP"
        case 73: "EDOTDOT"
        case 74: "EBADMSG"
        case 75: "EOVERFLOW"
        case 76: "ENOTUNIQ"
        case 77: "EBADFD"
        case 78: "EREMCHG"
        case 79: "ELIBACC"
        case 80: "ELIBBAD"
        case 81: "ELIBSCN"
        case 82: "ELIBMAX"
        case 83: "ELIBEXEC"
        case 84: "EILSEQ"
        case 85: "ERESTART"
        case 86: "ESTRPIPE"
        case 87: "EUSERS"
        case 88: "ENOTSOCK"
        case 89: "EDESTADDRREQ"
        case 90: "EMSGSIZE"
        case 91: "EPROTOTYPE"
        case 92: "ENOPROTOOPT"
        case 93: "EPROTONOSUPPORT"
        case 94: "ESOCKTNOSUPPORT"
        case 95: "EOPNOTSUPP"
        case 96: "EPFNOSUPPORT"
        case 97: "EAFNOSUPPORT"
        case 98: "EADDRINUSE"
        case 99: "EADDRNOTAVAIL"
        case 100: "ENETDOWN"
        case 101: "ENETUNREACH"
        case 102: "ENETRESET"
        case 103: "ECONNABORTED"
        case 104: "ECONNRESET"
        case 105: "ENOBUFS"
        case 106: "EISCONN"
        case 107: "ENOTCONN"
        case 108: "ESHUTDOWN"
        case 109: "ETOOMANYREFS"
        case 110: "ETIMEDOUT"
        case 111: "ECONNREFUSED"
        case 112: "EHOSTDOWN"
        case 113: "EHOSTUNREACH"
        case 114: "EALREADY"
        case 115: "EINPROGRESS"
        case 116: "ESTALE"
        case 117: "EUCLEAN"
        case 118: "ENOTNAM"
        case 119: "ENAVAIL"
        case 120: "EISNAM"
        case 121: "EREMOTEIO"
        case 122: "EDQUOT"
        case 123: "ENOMEDIUM"
        case 124: "EMEDIUMTYPE"
        case 125: "ECANCELED"
        case 126: "ENOKEY"
        case 127: "EKEYEXPIRED"
        case 128: "EKEYREVOKED"
        case 129: "EKEYREJECTED"
        case 130: "EOWNERDEAD"
        case 131: "ENOTRECOVERABLE"
        case 132: "ERFKILL"
        case 133: "EHWPOISON"
        default: "errno \(rawValue)"
        }
    }

    /// The text of strerror(3), as users know it from runc and the shell.
    public var message: String {
        switch rawValue {
        case 1: "Operation not permitted"
        case 2: "No such file or directory"
        case 3: "No such process"
        case 4: "Interrupted system call"
        case 5: "Input/output error"
        case 6: "No such device or address"
        case 7: "Argument list too long"
        case 8: "Exec format error"
        case 9: "Bad file descriptor"
        case 10: "No child processes"
        case 11: "Resource temporarily unavailable"
        case 12: "Cannot allocate memory"
        case 13: "Permission denied"
        case 14: "Bad address"
        case 15: "Block device required"
        case 16: "Device or resource busy"
        case 17: "File exists"
        case 18: "Invalid cross-device link"
        case 19: "No such device"
        case 20: "Not a directory"
        case 21: "Is a directory"
        case 22: "Invalid argument"
        case 23: "Too many open files in system"
        case 24: "Too many open files"
        case 25: "Inappropriate ioctl for device"
        case 26: "Text file busy"
        case 27: "File too large"
        case 28: "No space left on device"
        case 29: "Illegal seek"
        case 30: "Read-only file system"
        case 31: "Too many links"
        case 32: "Broken pipe"
        case 33: "Numerical argument out of domain"
        case 34: "Numerical result out of range"
        case 35: "Resource deadlock avoided"
        case 36: "File name too long"
        case 37: "No locks available"
        case 38: "Function not implemented"
        case 39: "Directory not empty"
        case 40: "Too many levels of symbolic links"
        case 42: "No message of desired type"
        case 43: "Identifier removed"
        case 44: "Channel number out of range"
        case 45: "Level 2 not synchronized"
        case 46: "Level 3 halted"
        case 47: "Level 3 reset"
        case 48: "Link number out of range"
        case 49: "Protocol driver not attached"
        case 50: "No CSI structure available"
        case 51: "Level 2 halted"
        case 52: "Invalid exchange"
        case 53: "Invalid request descriptor"
        case 54: "Exchange full"
        case 55: "No anode"
        case 56: "Invalid request code"
        case 57: "Invalid slot"
        case 59: "Bad font file format"
        case 60: "Device not a stream"
        case 61: "No data available"
        case 62: "Timer expired"
        case 63: "Out of streams resources"
        case 64: "Machine is not on the network"
        case 65: "Package not installed"
        case 66: "Object is remote"
        case 67: "Link has been severed"
        case 68: "Advertise error"
        case 69: "Srmount error"
        case 70: "Communication error on send"
        case 71: "Protocol error"
        case 72: "Multihop attempted"
        case 73: "RFS specific error"
        case 74: "Bad message"
        case 75: "Value too large for defined data type"
        case 76: "Name not unique on network"
        case 77: "File descriptor in bad state"
        case 78: "Remote address changed"
        case 79: "Can not access a needed shared library"
        case 80: "Accessing a corrupted shared library"
        case 81: ".lib section in a.out corrupted"
        case 82: "Attempting to link in too many shared libraries"
        case 83: "Cannot exec a shared library directly"
        case 84: "Invalid or incomplete multibyte or wide character"
        case 85: "Interrupted system call should be restarted"
        case 86: "Streams pipe error"
        case 87: "Too many users"
        case 88: "Socket operation on non-socket"
        case 89: "Destination address required"
        case 90: "Message too long"
        case 91: "Protocol wrong type for socket"
        case 92: "Protocol not available"
        case 93: "Protocol not supported"
        case 94: "Socket type not supported"
        case 95: "Operation not supported"
        case 96: "Protocol family not supported"
        case 97: "Address family not supported by protocol"
        case 98: "Address already in use"
        case 99: "Cannot assign requested address"
        case 100: "Network is down"
        case 101: "Network is unreachable"
        case 102: "Network dropped connection on reset"
        case 103: "Software caused connection abort"
        case 104: "Connection reset by peer"
        case 105: "No buffer space available"
        case 106: "Transport endpoint is already connected"
        case 107: "Transport endpoint is not connected"
        case 108: "Cannot send after transport endpoint shutdown"
        case 109: "Too many references: cannot splice"
        case 110: "Connection timed out"
        case 111: "Connection refused"
        case 112: "Host is down"
        case 113: "No route to host"
        case 114: "Operation already in progress"
        case 115: "Operation now in progress"
        case 116: "Stale file handle"
        case 117: "Structure needs cleaning"
        case 118: "Not a XENIX named type file"
        case 119: "No XENIX semaphores available"
        case 120: "Is a named type file"
        case 121: "Remote I/O error"
        case 122: "Disk quota exceeded"
        case 123: "No medium found"
        case 124: "Wrong medium type"
        case 125: "Operation canceled"
        case 126: "Required key not available"
        case 127: "Key has expired"
        case 128: "Key has been revoked"
        case 129: "Key was rejected by service"
        case 130: "Owner died"
        case 131: "State not recoverable"
        case 132: "Operation not possible due to RF-kill"
        case 133: "Memory page has hardware error"
        default: "Unknown error \(rawValue)"
        }
    }
}
