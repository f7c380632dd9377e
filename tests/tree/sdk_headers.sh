#!/usr/bin/env bash
# Every header of the SDK compiles alone, without a warning, with every compiler that is promised: sdk_headers.sh ROOT COMPILER
set -euo pipefail
root=$1 compiler=$2
if ! command -v "$compiler" >/dev/null; then
    echo "SKIPPED: $compiler is not installed"
    exit 77
fi
status=0
cd "$root/sdk/include"
mapfile -t headers < <(find gantry -name "*.h" | sort)
for header in "${headers[@]}"; do
    # A source that includes it, for #pragma once in a main file is a warning of its own.
    printf '#include "%s"\n' "$header" |
        "$compiler" -std=c++20 -fsyntax-only -x c++ -Wall -Wextra -Wconversion -Wshadow -Wno-sign-conversion -Werror -I. - ||
        { echo "$header does not compile with $compiler"; status=1; }
done
echo "${#headers[@]} headers, $compiler"
exit $status
