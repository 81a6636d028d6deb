"""Writes archives that must be refused, one file each, into the folder that is given. Nothing here is a good package but good.tgz."""

import gzip
import hashlib
import io
import os
import sys
import tarfile
import zipfile

MANIFEST = b"""manifest: 1
id: org.example.reward.tiny
kinds: [reward]
version: 1.0.0
abi: "1.0"
summary: A tiny plugin for tests.
runtime: python
python: { file: reward.py }
"""
CODE = b"def reward(completions, **kwargs):\n    return [0.0 for _ in completions]\n"
FILES = {"plugin.yaml": MANIFEST, "reward.py": CODE, "README.md": b"Tiny.\n"}
out = sys.argv[1]


def sums(files):
    lines = [f"{hashlib.sha256(files[n]).hexdigest()}  {n}\n" for n in sorted(files)]
    return "".join(lines).encode()


def member(name, size=0, kind=tarfile.REGTYPE, **fields):
    info = tarfile.TarInfo(name)
    info.size = size
    info.type = kind
    info.mode = 0o644
    for key, value in fields.items():
        setattr(info, key, value)
    return info


def tar(entries, form=tarfile.USTAR_FORMAT):
    """An archive of (TarInfo, bytes or None)."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=form) as archive:
        for info, data in entries:
            archive.addfile(info, io.BytesIO(data) if data is not None else None)
    return raw.getvalue()


def entries(files):
    return [(member(n, len(b)), b) for n, b in sorted(files.items())]


def packed(files):
    return entries({**files, "SHA256SUMS": sums(files)})


def write(name, raw, compress=True):
    with open(os.path.join(out, name + ".tgz"), "wb") as file:
        file.write(gzip.compress(raw, mtime=0) if compress else raw)


def raw_header(name, size_field, kind=b"0"):
    """A ustar header whose size field is what one likes."""
    block = bytearray(512)
    block[0 : len(name)] = name
    block[100:108] = b"0000644\0"
    block[108:116] = block[116:124] = b"0000000\0"
    block[124:136] = size_field
    block[136:148] = b"00000000000\0"
    block[148:156] = b" " * 8
    block[156:157] = kind
    block[257:265] = b"ustar\00000"
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def open_end(raw):
    """An archive to which more can be appended: without the blocks of zeros at its end."""
    while raw.endswith(bytes(512)):
        raw = raw[:-512]
    return raw


write("good", tar(packed(FILES)))

# Names.
for name, path in {
    "traversal": "../evil",
    "traversal-inside": "a/../../evil",
    "traversal-end": "a/..",
    "absolute": "/tmp/stepwise-evil",
    "dot": "./reward2.py",
    "double-slash": "a//b",
    "backslash": "a\\b",
    "newline": "a\nb",
    "escape": "a\x1b[2Jb",
    "accent": "caf\u00e9",
    "space": "a b",
    "deep": "/".join("d" * 20),
}.items():
    write(name, tar(packed({**FILES, path: b"x"}), tarfile.PAX_FORMAT))
write("long-name", tar(packed({**FILES, "n" * 300: b"x"}), tarfile.PAX_FORMAT))
write("long-name-gnu", tar(packed({**FILES, "n" * 300: b"x"}), tarfile.GNU_FORMAT))
override = member("innocent.txt", 1, pax_headers={"path": "../evil"})
write("pax-path", tar(packed(FILES) + [(override, b"x")], tarfile.PAX_FORMAT))

# Kinds of entries.
for name, kind, fields in [
    ("symlink", tarfile.SYMTYPE, {"linkname": "/etc/passwd"}),
    ("hardlink", tarfile.LNKTYPE, {"linkname": "reward.py"}),
    ("character-device", tarfile.CHRTYPE, {"devmajor": 1, "devminor": 3}),
    ("block-device", tarfile.BLKTYPE, {"devmajor": 8, "devminor": 0}),
    ("fifo", tarfile.FIFOTYPE, {}),
    ("folder", tarfile.DIRTYPE, {}),
]:
    write(name, tar(packed(FILES) + [(member("evil", kind=kind, **fields), None)]))
pax_link = member("evil", 0, pax_headers={"linkpath": "/etc/passwd"}, type=tarfile.SYMTYPE)
write("pax-symlink", tar(packed(FILES) + [(pax_link, None)], tarfile.PAX_FORMAT))
sparse = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.map": "0,1,4096,0",
          "GNU.sparse.size": "4096", "GNU.sparse.numblocks": "2", "GNU.sparse.name": "sparse"}
write("sparse", tar(packed(FILES) + [(member("s", 1, pax_headers=sparse), b"x")], tarfile.PAX_FORMAT))

# Twins.
write("duplicate", tar(packed(FILES) + [(member("reward.py", len(CODE)), CODE)]))
write("duplicate-manifest", tar(packed(FILES) + [(member("plugin.yaml", len(MANIFEST)), MANIFEST)]))
write("case-twins", tar(packed({**FILES, "REWARD.py": CODE})))
write("file-and-folder", tar(packed({**FILES, "x": b"1", "x/y": b"2"})))
write("folder-and-file", tar(entries({"x/y": b"2"}) + packed(FILES) + entries({"x": b"1"})))

# Sizes.
write("bomb", tar(packed({**FILES, "zeros": bytes(64 << 20)})))
write("bomb-in-bomb", gzip.compress(tar(packed({**FILES, "zeros": bytes(64 << 20)}))))
write("many-entries", tar(packed({**FILES, **{f"f{i}": b"" for i in range(5000)}})))
good = tar(packed(FILES))
for name, field in {
    "good-by-hand": b"%011o\0" % len(CODE),
    "size-larger": b"%011o\0" % 100_000,
    "size-smaller": b"%011o\0" % 3,
    "size-negative": b"\xff" * 12,
    "size-huge": b"\x80" + b"\x7f" * 11,
    "size-exabytes": b"\x80\0\0\0" + (1 << 60).to_bytes(8, "big"),
    "size-text": b"not a number",
}.items():
    lying = raw_header(b"reward.py", field) + CODE + bytes(512 - len(CODE) % 512)
    rest = {n: b for n, b in FILES.items() if n != "reward.py"}
    before = open_end(tar(entries({**rest, "SHA256SUMS": sums(FILES)})))
    write(name, before + lying + bytes(1024))
pax_size = member("reward2.py", len(CODE), pax_headers={"size": "9999999999999"})
write("pax-size", tar(packed(FILES) + [(pax_size, CODE)], tarfile.PAX_FORMAT))
write("global-headers", raw_header(b"g", b"%011o\0" % 0, b"g") * 100_000 + good)
write("pax-headers", raw_header(b"x", b"%011o\0" % 0, b"x") * 100_000 + good)
write("long-links", (raw_header(b"././@LongLink", b"%011o\0" % 512, b"L") + b"a" * 512) * 50_000 + good)
write("huge-long-link", raw_header(b"././@LongLink", b"%011o\0" % (200 << 20), b"L") + bytes(200 << 20) + good)

# Not what it says.
write("empty", b"", compress=False)
write("empty-tar", bytes(10240))
write("text", b"This is no archive.\n", compress=False)
write("not-compressed", good, compress=False)
write("garbage-in-gzip", b"garbage" * 1000)
blob = io.BytesIO()
with zipfile.ZipFile(blob, "w") as archive:
    for name, data in FILES.items():
        archive.writestr(name, data)
write("zip", blob.getvalue(), compress=False)
whole = gzip.compress(good, mtime=0)
for index, cut in enumerate([10, len(whole) // 4, len(whole) // 2, len(whole) * 3 // 4]):
    write(f"truncated-{index}", whole[:cut], compress=False)
write("truncated-tar", good[: good.index(CODE) + 10])

# The list and the manifest.
write("no-sums", tar(entries(FILES)))
write("wrong-sum", tar(entries({**FILES, "SHA256SUMS": sums({**FILES, "reward.py": b"other"})})))
write("unlisted", tar(entries({**FILES, "extra": b"x", "SHA256SUMS": sums(FILES)})))
write("missing", tar(entries({**FILES, "SHA256SUMS": sums({**FILES, "extra": b"x"})})))
write("listed-twice", tar(entries({**FILES, "SHA256SUMS": sums(FILES) * 2})))
write("sums-binary", tar(entries({**FILES, "SHA256SUMS": b"\xff\xfe" * 40})))
write("sums-traversal", tar(entries({**FILES, "SHA256SUMS": sums(FILES) + b"0" * 64 + b"  ../../etc/passwd\n"})))
no_manifest = {n: b for n, b in FILES.items() if n != "plugin.yaml"}
write("no-manifest", tar(packed(no_manifest)))
no_code = {n: b for n, b in FILES.items() if n != "reward.py"}
write("no-code", tar(packed(no_code)))
write("bad-manifest", tar(packed({**FILES, "plugin.yaml": b"manifest: ["})))
write("other-abi", tar(packed({**FILES, "plugin.yaml": MANIFEST.replace(b'"1.0"', b'"2.0"')})))
native = MANIFEST.split(b"runtime")[0]
variant = b"variants:\n  - { os: linux, arch: x86_64, file: lib.so%s }\n"
write("no-library", tar(packed({**FILES, "plugin.yaml": native + variant % b""})))
write("no-digest", tar(packed({**FILES, "lib.so": b"x", "plugin.yaml": native + variant % b""})))
digest = b", sha256: " + hashlib.sha256(b"y").hexdigest().encode()
write("wrong-digest", tar(packed({**FILES, "lib.so": b"x", "plugin.yaml": native + variant % digest})))
digest = b", sha256: " + hashlib.sha256(b"x").hexdigest().encode()
write("no-elf", tar(packed({**FILES, "lib.so": b"x", "plugin.yaml": native + variant % digest})))
