import Glibc
import Shim

exit(Shim.main(Array(CommandLine.arguments.dropFirst())))
