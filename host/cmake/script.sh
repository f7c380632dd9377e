# Common part of samples/run, tests/run and tests/bench/run: steps with their times, packages, builds. Source it.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
script_start=$EPOCHREALTIME
step_names=()
step_times=()
# The compiler itself tells what a file includes: one run of the preprocessor less for each file that is new.
export CCACHE_DEPEND=1

if [[ -t 1 && -z ${NO_COLOR:-} ]]; then bold=$'\e[1m' red=$'\e[31m' plain=$'\e[0m'; else bold='' red='' plain=''; fi

say() { printf '%s\n' "$bold==> $*$plain"; }
fail() { printf '%s\n' "$red$*$plain" >&2; exit 1; }

# seconds_since START: with one digit, from $EPOCHREALTIME, whose decimal point depends on the locale.
seconds_since() {
    local now=${EPOCHREALTIME/[.,]/} then=${1/[.,]/}
    local tenths=$(((now - then) / 100000))
    printf '%d.%d' $((tenths / 10)) $((tenths % 10))
}

# step TITLE COMMAND…: says it, runs it, keeps its time; the first that fails ends the script. `set -e` does not
# reach into COMMAND when it is a function: those below return at what fails.
step() {
    local title=$1 start=$EPOCHREALTIME status=0
    shift
    say "$title"
    "$@" || status=$?
    step_names+=("$title")
    step_times+=("$(seconds_since "$start")")
    ((status == 0)) || fail "failed after $(seconds_since "$start") s: $title"
}

show_times() {
    say "How long each part took"
    local i
    for i in "${!step_names[@]}"; do printf '%8s s  %s\n' "${step_times[i]}" "${step_names[i]}"; done
    printf '%8s s  %s\n' "$(seconds_since "$script_start")" "all together"
}

# packages_of SET…: the names in packages.txt.
packages_of() {
    local set package rest wanted=" $* "
    while read -r set package rest; do
        [[ $wanted == *" $set "* ]] && printf '%s\n' "$package"
    done <"$root/host/cmake/packages.txt"
    return 0
}

installed_now=
# install_packages SET…: installs what is missing, and says nothing when nothing is.
install_packages() {
    local wanted missing=() package installed
    mapfile -t wanted < <(packages_of "$@")
    if ! command -v dpkg-query >/dev/null; then
        echo "This is no Debian: have these installed, under whatever name: ${wanted[*]}"
        return 0
    fi
    installed=" $(dpkg-query -W -f='${Package}:${db:Status-Status} ' "${wanted[@]}" 2>/dev/null || true)"
    for package in "${wanted[@]}"; do
        [[ $installed == *" $package:installed "* ]] || missing+=("$package")
    done
    ((${#missing[@]})) || return 0

    local as_root=()
    if ((EUID != 0)); then
        command -v sudo >/dev/null ||
            fail "Packages are missing and this is not root. As root: apt-get install ${missing[*]}"
        as_root=(sudo)
    fi
    echo "Installing ${#missing[@]} packages and what they need: ${missing[*]}"
    installed_now=yes
    local install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 APT_LISTCHANGES_FRONTEND=none
        apt-get -qq -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 install -y --no-install-recommends)
    # An index that is absent or old is fetched, then once more.
    if ! compgen -G '/var/lib/apt/lists/*Packages*' >/dev/null || ! quietly "${install[@]}" "${missing[@]}"; then
        echo "Fetching the package index"
        quietly "${as_root[@]}" apt-get -qq -o Acquire::Retries=3 update || true
        quietly "${install[@]}" "${missing[@]}" || { tail -n 20 "$quiet_log"; return 1; }
    fi
}

# quietly COMMAND…: its output goes to a file, shown only when it matters.
quiet_log=
quietly() {
    [[ -n $quiet_log ]] || { quiet_log=$(mktemp); trap 'rm -f "$quiet_log"' EXIT; }
    "$@" >"$quiet_log" 2>&1
}

# configure PRESET: only the first time, for later the build itself sees what changed; and after packages came, which
# the first one looked for in vain.
configure() {
    [[ -f $root/build/$1/build.ninja && -z $installed_now ]] && return 0
    (cd "$root" && cmake --preset "$1")
}

# build PRESET [TARGET…]: a warning of the compiler fails it, for a tree with warnings soon has many.
build() {
    local preset=$1 log=$root/build/$1/last_build.log targets=()
    shift
    (($# == 0)) || targets=(--target "$@")
    (cd "$root" && cmake --build --preset "$preset" "${targets[@]}") 2>&1 | tee "$log" || return 1
    if grep -qE 'warning:' "$log"; then
        printf '%s\n' "${red}A compiler warned:$plain" >&2
        grep -E 'warning:' "$log" | sort -u >&2 # its last lines are what people see
        rm -f "$root/build/$preset/.ninja_log" # or the second build would be silent
        return 1
    fi
}
