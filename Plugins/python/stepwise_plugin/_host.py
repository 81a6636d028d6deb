"""The main program of the interpreter that runs a plugin: `python _host.py DESCRIPTOR`.

The descriptor is one end of a socket pair whose other end Stepwise holds. This file is kept so plain that any Python 3 can read
it and say that it is too old.
"""

import os
import sys

if __name__ == "__main__":
    if sys.version_info < (3, 9):
        sys.stderr.write(
            "Python %d.%d is too old: 3.9 or newer is needed (%s)\n"
            % (sys.version_info[0], sys.version_info[1], sys.executable)
        )
        sys.exit(86)

    # The folder of this file was put in front: `import _rows` of a plugin must not find ours. Its parent, with nothing but
    # this package, goes last.
    sys.path[0:1] = []
    sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    writes_bytecode = sys.dont_write_bytecode
    # Nothing is left behind where Stepwise is installed.
    sys.dont_write_bytecode = True
    from stepwise_plugin._server import serve

    sys.dont_write_bytecode = writes_bytecode
    sys.exit(serve(int(sys.argv[1])))
