#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The frozen header is what 1.0 was: it has the layout of layout_1_0.h, and today's abi.h only adds to
# its declarations; as long as it says 1.0 too, they are the same (comments may differ). TAP output.
#   frozen_header.sh SOURCE_ROOT CC
set -u
root=$1
shift
cc=("$@")
frozen=$root/tests/data/abi/1.0
today=$root/plugin-sdk/include
echo "1..2"

if output=$("${cc[@]}" -std=c99 -fsyntax-only -I "$frozen" "$root/tests/unit/abi/header_use.c" 2>&1); then
    echo "ok 1 - the frozen header has the layout of 1.0"
else
    echo "not ok 1 - the frozen header has the layout of 1.0"
    printf '%s\n' "$output" | sed 's/^/# /'
fi

# Declarations and macros, without comments and blank lines.
declarations() { "${cc[@]}" -std=c99 -fpreprocessed -dD -E -P -x c "$1/patchbay/abi.h" 2>/dev/null | sed 's/^ *//'; }
minor() { sed -nE 's/^#define PATCHBAY_ABI_MINOR ([0-9]+)u$/\1/p' "$1/patchbay/abi.h"; }
difference=$(diff <(declarations "$frozen") <(declarations "$today"))
remedy="Released? Then append and raise PATCHBAY_ABI_MINOR. Not yet? Copy abi.h to $frozen/patchbay."
if [ "$(minor "$today")" != "$(minor "$frozen")" ]; then
    # The last enumerator gets a comma when another one follows.
    difference=$(diff <(declarations "$frozen" | sed 's/,$//') <(declarations "$today" | sed 's/,$//') |
        grep '^<' | grep -v '^< #define PATCHBAY_ABI_MINOR ')
    remedy="Append; nothing of 1.0 is removed or changed."
fi
if [ -z "$difference" ]; then
    echo "ok 2 - the declarations of 1.0 are unchanged"
else
    echo "not ok 2 - the declarations of 1.0 are unchanged"
    echo "# $remedy"
    printf '%s\n' "$difference" | sed 's/^/# /'
fi
