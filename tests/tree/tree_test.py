#!/usr/bin/env python3
# The test of the tree itself: who includes whom, how long files are, and what must not be left lying about.
"""Run by ctest, or by hand: tests/tree/tree_test.py. Each finding is one line, `file:line: sentence`."""
import fnmatch
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

TOP_LEVEL = {
    "CMakeLists.txt", "README.md", "config", "host", "plugins", "proto", "samples", "sdk", "tests",
    # Files that tools look for at the root.
    ".ci", ".clang-format", ".clang-tidy", ".gitignore", ".gitattributes", ".github", "CMakePresets.json", "LICENSE",
}

# host/ARCHITECTURE.md: a folder may include itself, the SDK's headers, and these folders of host/.
MAY_INCLUDE = {
    "core": set(),
    "platform": {"core"},
    "net": {"core", "platform"},
    "sched": {"core"},
    "ecs": {"core", "platform", "sched"},
    "route": {"core", "platform", "net"},
    "session": {"core", "platform", "net", "route", "sched", "ecs"},
    "world": {"core", "platform", "net", "route", "sched", "ecs"},
    "plugin": {"core", "platform", "net", "route", "sched", "ecs", "session", "world"},
    "manifest": {"core"},
    "admin": {"core", "platform", "net"},
    "app": {"core", "platform", "net", "sched", "ecs", "route", "session", "world", "plugin", "manifest", "admin"},
    "testing": {"core", "platform", "net", "world", "plugin", "manifest", "app"},
}

# Libraries stay where their reason is; standard headers may be included everywhere.
MAY_USE = {
    "asio": {"net", "admin"},
    "nlohmann": {"manifest", "admin", "app"},
    "boost/dll": {"platform"},
    "boost/beast": {"net"},
    "spdlog": {"core"},
    "wslay": {"net"},
    "zlib.h": {"net"},
    "openssl": {"plugin"},
    "google/protobuf": {"plugin", "app"},
    "flatbuffers": {"plugin", "app"},
    "CLI": {"app"},
}

LINES_MAX = {".cpp": 400, ".h": 200, ".py": 400, ".js": 400}
# A longer file needs a reason here.
LINES_ALLOWED = {}

# Systems are told apart behind host/platform; the SDK's abi.h and the build know how a symbol is exported.
SYSTEM_MACROS = re.compile(r"#\s*(if|elif|ifdef|ifndef)\b.*\b(__linux__|_WIN32|__APPLE__|_MSC_VER|__MINGW32__)")
SYSTEM_MACROS_ALLOWED = {"sdk/include/gantry/abi.h"}

SLEEP = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep|time\.sleep|sleep\s*\()")
LEFTOVER = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b|^(<<<<<<<|>>>>>>>)")
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
CODE = (".cpp", ".h", ".c")
TEXT = CODE + (".py", ".js", ".css", ".html", ".cmake", ".json", ".md", ".proto", ".fbs", ".in", ".sh", ".txt")

findings = []


def find(path, line, sentence):
    findings.append(f"{path}:{line}: {sentence}" if line else f"{path}: {sentence}")


def ignored(path, patterns):
    """Whether .gitignore names this path. A folder ends in "/"; of git's language only what our file speaks."""
    path = os.path.normpath(path) + ("/" if path.endswith("/") else "")
    for pattern in patterns:
        anchored = "/" in pattern.rstrip("/")
        name = path if anchored else os.path.basename(path.rstrip("/")) + ("/" if path.endswith("/") else "")
        # "a" matches the folder "a/" too, "a/" only the folder.
        if fnmatch.fnmatchcase(name, pattern.lstrip("/")) or fnmatch.fnmatchcase(name.rstrip("/"), pattern.lstrip("/")):
            return True
    return False


def tracked_files():
    """What git would commit; without git, every file that .gitignore does not name."""
    try:
        out = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "-z"], check=True,
                             capture_output=True).stdout.decode()
        return sorted(name for name in out.split("\0") if name and os.path.isfile(os.path.join(ROOT, name)))
    except (OSError, subprocess.CalledProcessError):
        with open(os.path.join(ROOT, ".gitignore"), encoding="utf-8") as f:
            patterns = f.read().split()
        names = []
        for folder, folders, files in os.walk(ROOT):
            under = os.path.relpath(folder, ROOT)
            folders[:] = [f for f in folders if f != ".git" and not ignored(os.path.join(under, f) + "/", patterns)]
            names += [os.path.normpath(os.path.join(under, f)) for f in files
                      if not ignored(os.path.join(under, f), patterns)]
        return sorted(names)


def check_top_level(names):
    for top in sorted({name.split("/")[0] for name in names} - TOP_LEVEL):
        find(top, 0, "does not belong at the top level")


def check_host_include(path, number, folder, included):
    target = included.split("/")[1]
    if target != folder and target not in MAY_INCLUDE.get(folder, set()):
        find(path, number, f"host/{folder} may not include host/{target}")


def check_includes(path, lines):
    parts = path.split("/")
    in_test = parts[0] == "tests"
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quotes, included = match.groups()
        if quotes == '"' and "/" not in included and parts[0] != "sdk" and not included.endswith((".pb.h", ".inc")):
            find(path, number, f'include "{included}" by its full path')
        if in_test:
            continue
        if parts[0] == "host":
            if included.startswith("host/"):
                check_host_include(path, number, parts[1], included)
            for library, folders in MAY_USE.items():
                if (included == library or included.startswith((library + "/", library + "."))) and \
                        parts[1] not in folders:
                    find(path, number, f"{library} may be used only in {', '.join(sorted(folders))}")
        elif included.startswith("host/"):
            find(path, number, f"{parts[0]}/ may not include the host")
        elif parts[:2] == ["sdk", "include"] and quotes == '"' and not included.startswith("gantry/"):
            find(path, number, "the SDK's headers include only the standard library and each other")
        if included.startswith("tests/"):
            find(path, number, "only tests include tests")
        if parts[0] in ("samples", "plugins") and quotes == '"' and included.startswith(("samples/", "plugins/")):
            if included.split("/")[:2] != parts[:2]:
                find(path, number, "plugins do not include each other")


def check_text(path, lines):
    ending = os.path.splitext(path)[1]
    limit = LINES_ALLOWED.get(path, LINES_MAX.get(ending, 0))
    if limit and len(lines) > limit:
        find(path, 0, f"has {len(lines)} lines, allowed are {limit}")
    for number, line in enumerate(lines, 1):
        if LEFTOVER.search(line):
            find(path, number, "leftover: " + line.strip()[:60])
        if "\t" in line and ending in CODE:
            find(path, number, "a tab")
        if line != line.rstrip() and ending != ".md":
            find(path, number, "blanks at the end of the line")


def check_code(path, lines):
    first = lines[0] if lines else ""
    own_header = path.endswith(".cpp") and first.startswith("#include")
    if not first.startswith(("//", "/*")) and not own_header:
        find(path, 1, "the first line says what the file is for, or includes the header that does")
    if path.endswith(".h") and "#pragma once" not in lines[:12]:
        find(path, 1, "#pragma once is missing")
    for number, line in enumerate(lines, 1):
        if SYSTEM_MACROS.search(line) and not path.startswith("host/platform/") and \
                path not in SYSTEM_MACROS_ALLOWED:
            find(path, number, "operating systems are told apart in host/platform only")


def check_tests(path, lines):
    for number, line in enumerate(lines, 1):
        if SLEEP.search(line) and "no sleep:" not in line:
            find(path, number, "a test waits for what it wants to see, it does not sleep")


def nearest_cmake(name, texts):
    """The CMakeLists.txt that decides about a file: in its folder, or the next one above."""
    folder = os.path.dirname(name)
    while os.path.join(folder, "CMakeLists.txt") not in texts:
        if not folder:
            return ""
        folder = os.path.dirname(folder)
    return texts[os.path.join(folder, "CMakeLists.txt")]


def check_orphans(names):
    """A source that no CMakeLists.txt names is dead. A loop may name it without `_test.cpp`."""
    texts = {}
    for name in names:
        if os.path.basename(name) == "CMakeLists.txt" or name.endswith(".cmake"):
            with open(os.path.join(ROOT, name), encoding="utf-8") as file:
                texts[name] = file.read()
    everything = "\n".join(texts.values())
    for name in names:
        base = os.path.basename(name)
        if not name.endswith((".cpp", ".c")) or base in everything:
            continue
        stem = re.sub(r"(_test|_fuzz|_bench)?\.(cpp|c)$", "", base)
        if not re.search(rf"\b{re.escape(stem)}\b", nearest_cmake(name, texts)):
            find(name, 0, "no CMakeLists.txt names this file")


def main():
    names = tracked_files()
    check_top_level(names)
    for name in names:
        if not name.endswith(TEXT) or any(kept in name for kept in ("/corpus/", "/golden/", "/frozen/")):
            continue
        with open(os.path.join(ROOT, name), encoding="utf-8") as file:
            try:
                lines = file.read().splitlines()
            except UnicodeDecodeError:
                find(name, 0, "is no UTF-8")
                continue
        check_text(name, lines)
        if name.endswith(CODE):
            check_code(name, lines)
            check_includes(name, lines)
        if name.startswith("tests/") and not name.startswith("tests/tree/"):
            check_tests(name, lines)
    check_orphans(names)
    for finding in findings:
        print(finding)
    print(f"{len(names)} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
