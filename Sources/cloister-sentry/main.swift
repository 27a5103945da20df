import Glibc
import Sentry

exit(SentryProcess.run(Array(CommandLine.arguments.dropFirst())))
