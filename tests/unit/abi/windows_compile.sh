#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is promised to Windows, compiled with the MinGW cross compiler where that is installed: abi.h
# and its layout, the C sample as a real DLL with one export and its metadata section, the C++ SDK, and
# the Windows side of the loader. TAP output.
#   windows_compile.sh SOURCE_ROOT WORK_FOLDER DEFINITION...
set -u
root=$1
work=$2
definitions=("${@:3}")
here=$root/tests/unit/abi
prefix=x86_64-w64-mingw32
# The POSIX thread model is the one with std::thread and std::mutex.
c=$(command -v $prefix-gcc-posix || command -v $prefix-gcc) &&
    cpp=$(command -v $prefix-g++-posix || command -v $prefix-g++) ||
    { echo "1..0 # SKIP $prefix-gcc is not installed"; exit 0; }

mkdir -p "$work/include"
# A compiler cache makes all but the first run cheap, hence objects and not -fsyntax-only.
cached=()
! command -v ccache >/dev/null || cached=(ccache)
number=0
failed=0

# check DESCRIPTION COMMAND...
check() {
    local description=$1 output
    shift
    number=$((number + 1))
    if output=$("$@" 2>&1); then
        echo "ok $number - $description"
    else
        echo "not ok $number - $description"
        printf '%s\n' "$output" | head -n 40 | sed 's/^/# /'
        failed=1
    fi
}

# Header-only dependencies by link: /usr/include itself would bring in the headers of Linux.
for folder in boost protozero tl nlohmann; do
    [ ! -d /usr/include/$folder ] || ln -sfn /usr/include/$folder "$work/include/$folder"
done
include=(-I "$root/plugin-sdk/include" -isystem "$work/include")
warnings=(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)

compiles_c() { "$c" -std=c99 "${warnings[@]}" -fsyntax-only "${include[@]}" "$1"; }
compiles_cpp() {
    "${cached[@]}" "$cpp" -std=c++20 -O0 -DWIN32_LEAN_AND_MEAN -DNOMINMAX "${definitions[@]}" \
        "${warnings[@]}" "${include[@]}" -I "$root/plugin-sdk/source" -I "$root/host" \
        -c "$1" -o "$work/object.o"
}

# builds_dll NAME SOURCE...: one export, and the metadata readable without running code.
builds_dll() {
    local dll=$work/$1.dll exports
    shift
    "$c" -std=c99 "${warnings[@]}" "${include[@]}" -shared -static-libgcc -o "$dll" "$@" \
        "$root/plugin-sdk/patchbay-plugin.def" || return 1
    exports=$($prefix-objdump -p "$dll" | sed -nE 's/^\s+\[\s*[0-9]+\]( \+base\[\s*[0-9]+\])?\s+([0-9a-f]{4} )?(\w+)$/\3/p')
    [ "$exports" = patchbay_plugin_entry ] || { echo "exports: $exports"; return 1; }
    $prefix-objdump -h "$dll" | grep -q '\.pbnote' || { echo "no section .pbnote"; return 1; }
}

check "abi.h and its layout, C99" compiles_c "$here/header_use.c"
check "abi.h and its layout, C++20" "$cpp" -x c++ -std=c++20 "${warnings[@]}" -fsyntax-only \
    "${include[@]}" "$here/header_use.c"
check "header_use.dll" builds_dll header_use "$here/header_use.c"
for source in "$root"/plugins/loopback/*.c; do
    [ ! -f "$source" ] || check "loopback.dll" builds_dll loopback "$source"
done
while IFS= read -r source; do
    check "${source#"$root"/}" compiles_cpp "$source"
done < <({
    # patchbay-net is for Linux: it stands on epoll. So are files that only their owner can read, and
    # the agent client that keeps its certificate in one.
    find "$root/plugin-sdk/source" -name '*.cpp' -not -path '*/net/*' -not -path '*/agent/*' \
        -not -name private_file.cpp
    find "$root/host/plugins" -name '*windows*.cpp'
} | sort)
echo "1..$number"
exit $failed
