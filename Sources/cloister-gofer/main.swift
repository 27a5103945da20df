import Gofer

GoferProgram.run(Array(CommandLine.arguments.dropFirst()))
