import HostOS
import Sentry

HostProcess.exit(SentryProcess.run(Array(CommandLine.arguments.dropFirst())))
