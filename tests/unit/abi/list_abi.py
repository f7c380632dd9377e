#!/usr/bin/env python3
# Lists what the SDK's headers say crosses the boundary, for abi_table.cpp to measure: list_abi.py INCLUDE_FOLDER OUT.inc
"""Everything is found, nothing is named here: what a header gains is in the table without anybody thinking of it."""
import os
import re
import sys

# The raw interface. What else lies there is comfort, compiled into the plugin.
COMFORT = {"flatbuffers.h", "gantry.h", "objects.h", "options.pb.h", "protobuf.h", "test.h"}
RAW_ECS = ("ecs/data.h", "ecs/desc.h")

SCOPE = re.compile(r"\b(namespace|struct|enum class)\s+([\w:]+)[^;{}()=]*$")


def raw_headers(folder):
    own = [name for name in sorted(os.listdir(folder)) if name.endswith(".h") and name not in COMFORT]
    return own + list(RAW_ECS)


def without_comments(text):
    text = re.sub(r"//[^\n]*", "", text)
    return re.sub(r"^\s*#.*(?:\\\n.*)*$", "", text, flags=re.M)


def end_of_block(text, at):
    """The index behind the brace that closes the one at `at`."""
    depth = 0
    for index in range(at, len(text)):
        depth += {"{": 1, "}": -1}.get(text[index], 0)
        if depth == 0:
            return index + 1
    raise ValueError("unbalanced braces")


def scopes(text, path=()):
    """Yields (kind, path, statements) of every struct, enum and namespace."""
    statements, head, at = [], "", 0
    while at < len(text):
        char = text[at]
        if char == ";":
            statements.append(" ".join(head.split()))
            head = ""
        elif char == "{":
            end = end_of_block(text, at)
            match = SCOPE.search(head)
            if match and "template" not in head:
                kind, name = match.groups()
                inner = text[at + 1:end - 1]
                inner_path = path if name == "gantry" else path + tuple(name.split("::"))
                if kind == "enum class":
                    yield kind, inner_path, [part.split("=")[0].strip() for part in inner.split(",")]
                else:
                    yield from scopes_of(kind, inner, inner_path)
            if not head.rstrip().endswith("="):  # else it is what a member begins with
                head = ""
            at = end
            continue
        else:
            head += char
        at += 1
    yield "statements", path, statements


def scopes_of(kind, text, path):
    for inner_kind, inner_path, statements in scopes(text, path):
        yield (kind, path, statements) if inner_kind == "statements" and inner_path == path else \
            (inner_kind, inner_path, statements)


def field_of(statement):
    """The name of a member variable, or nothing."""
    if re.match(r"(using|static|friend|template|typedef)\b", statement):
        return ""
    pointer = re.match(r"[\w:*& ]+\(\*(\w+)\)\s*\(", statement)
    if pointer:
        return pointer.group(1)
    if "(" in statement.split("=")[0]:
        return ""
    match = re.search(r"(\w+)\s*(\[[^\]]*\])?\s*(=[^=]*)?$", statement)
    return match.group(1) if match else ""


def entries(kind, path, statements):
    name = "::".join(path)
    if kind == "enum class":
        return [f"ENUM({name})"] + [f"ENUMERATOR({name}, {value})" for value in statements if value]
    if kind in ("namespace", "statements"):
        constants = [re.match(r"inline constexpr (const char\*|[\w:]+) (\w+) =", one) for one in statements]
        return [f"{'TEXT' if one.group(1) == 'const char*' else 'CONSTANT'}({'::'.join(path + (one.group(2),))})"
                for one in constants if one]
    out = []
    methods = [re.search(r"(\w+)\s*\([^()]*(\([^()]*\)[^()]*)*\)\s*(const )?noexcept = 0$", one)
               for one in statements if re.search(r"\bvirtual\b", one)]
    if methods:
        out.append(f"INTERFACE({name})")
        if any(one.startswith("static constexpr const char* interface_id") for one in statements):
            out.append(f"TEXT({name}::interface_id)")
        out += [f"SLOT({name}, {one.group(1)})" for one in methods]
    else:
        out.append(f"STRUCT({name})")
        out += [f"FIELD({name}, {field})" for field in map(field_of, statements) if field]
    return out


def main():
    folder, out = sys.argv[1:]
    lines = ["// Made by list_abi.py from the SDK's headers."]
    headers = raw_headers(folder)
    for header in headers:
        with open(os.path.join(folder, header), encoding="utf-8") as file:
            text = without_comments(file.read())
        for kind, path, statements in scopes(text):
            if "detail" not in path:
                lines += entries(kind, path, statements)
    with open(out, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
