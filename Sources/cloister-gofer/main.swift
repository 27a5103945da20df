import Gofer
