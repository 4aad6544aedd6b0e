#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# abi.h in every language standard that it promises, with every compiler that is there; TAP output.
#   header_matrix.sh SDK_INCLUDE_FOLDER
set -u
here=$(dirname "$0")
include=$1
warnings=(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
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
        printf '%s\n' "$output" | sed 's/^/# /'
        failed=1
    fi
}

compiles() { "$1" -x "$2" -std="$3" "${warnings[@]}" -fsyntax-only -I "$include" "${@:4}" "$here/header_use.c"; }
refuses() { ! compiles "$@" -DEXPECT_WARNING; }

for pair in gcc:g++ clang:clang++; do
    command -v "${pair%:*}" >/dev/null && command -v "${pair#*:}" >/dev/null || continue
    for standard in c99 c11 c17 c2x; do
        check "${pair%:*} $standard" compiles "${pair%:*}" c "$standard"
    done
    for standard in c++11 c++14 c++17 c++20 c++2b; do
        check "${pair#*:} $standard" compiles "${pair#*:}" c++ "$standard"
    done
    check "${pair%:*} sees a deliberate warning" refuses "${pair%:*}" c c99
    check "${pair#*:} sees a deliberate warning" refuses "${pair#*:}" c++ c++11
done
echo "1..$number"
exit $failed
