"""The plugin's files, out of the private copy that Stepwise made of them.

Code is compiled from the copy's bytes under the name of the file that it was copied from: tracebacks, `__file__` and data files
beside it are those that the author knows, and yet an edit during a run changes nothing.
"""

import importlib.abc
import importlib.util
import keyword
import linecache
import os
import sys
import tarfile

from ._errors import Problem


class SourceImage(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """The sources of a plugin, and the importer of them."""

    def __init__(self, image, is_archive, directory, entry):
        """`image`: the copy, the entry file itself or a tar of all files; `directory`: where they came from."""
        self._directory = directory
        self._entry = entry
        if is_archive:
            with tarfile.open(image, "r:") as archive:
                self._sources = {
                    member.name: archive.extractfile(member).read() for member in archive.getmembers()
                }
        else:
            with open(image, "rb") as file:
                self._sources = {entry: file.read()}
        self._modules = {}
        for path in self._sources:
            parts = path[:-3].split("/")
            self._modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path

    @property
    def files(self):
        """The names under which the sources are known in tracebacks."""
        return {self._name(path) for path in self._sources}

    def load(self):
        """Runs the entry file and answers its module."""
        stem = os.path.basename(self._entry)[:-3]
        name = "".join(c if c.isidentifier() or c.isdigit() else "_" for c in stem)
        if name in sys.modules or not name.isidentifier() or keyword.iskeyword(name):
            name = "plugin_" + name
        self._modules[name] = self._entry
        if self._directory not in sys.path:
            # For what is no Python source: extension modules, data packages.
            sys.path.insert(0, self._directory)
        sys.meta_path.insert(0, self)
        sys.argv = [self._name(self._entry)]
        return importlib.import_module(name)

    def _name(self, path):
        return os.path.join(self._directory, path)

    # Finder and loader.

    def find_spec(self, fullname, path=None, target=None):
        file = self._modules.get(fullname)
        if file is not None:
            is_package = file.endswith("/__init__.py")
            spec = importlib.util.spec_from_loader(
                fullname, self, origin=self._name(file), is_package=is_package
            )
            spec.has_location = True
            if is_package:
                spec.submodule_search_locations = [os.path.dirname(self._name(file))]
            return spec
        prefix = fullname.replace(".", "/") + "/"
        if any(known.startswith(prefix) for known in self._sources):
            spec = importlib.machinery.ModuleSpec(fullname, None, is_package=True)
            spec.submodule_search_locations = [self._name(prefix[:-1])]
            return spec
        return None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        source = self._sources[self._modules[module.__name__]]
        name = module.__spec__.origin
        # Tracebacks show the lines that ran: an entry without a time is never compared with the file.
        try:
            text = importlib.util.decode_source(source)
            linecache.cache[name] = (len(source), None, text.splitlines(True), name)
        except (SyntaxError, UnicodeDecodeError):
            pass
        exec(compile(source, name, "exec", dont_inherit=True), module.__dict__)

    def get_source(self, fullname):
        """For `inspect` and tools that ask the loader."""
        return importlib.util.decode_source(self._sources[self._modules[fullname]])


def named_object(module, name, default, candidates, what):
    """The component's object: the one of the given name, or of the default one, or the only candidate of the file."""
    if name is not None:
        value = module
        for part in name.split("."):
            try:
                value = getattr(value, part)
            except AttributeError:
                raise Problem(
                    "the file has no '%s'" % name, "it has %s" % (_names(module) or "nothing"), "load"
                ) from None
        return value
    if default in vars(module):
        return vars(module)[default]
    found = [key for key, value in vars(module).items() if not key.startswith("_") and candidates(value)]
    if len(found) == 1:
        return vars(module)[found[0]]
    raise Problem(
        "the file has no '%s', and %s" % (default, _count(found, what)),
        "name the one that is meant with 'object:' in the manifest",
        "load",
    )


def _count(found, what):
    if not found:
        return "nothing that looks like a %s" % what
    return "%d that look like a %s: %s" % (len(found), what, ", ".join(found))


def _names(module):
    names = [
        key
        for key, value in vars(module).items()
        if not key.startswith("_") and getattr(value, "__module__", None) == module.__name__
    ]
    return ", ".join(names)
