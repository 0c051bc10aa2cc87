#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Reads a disassembly and fails if it has an instruction whose result differs between hosts or runs,
# or one that needs the vector or floating point registers.
found=$(grep -nE '	(rdtscp?|cpuid|rdrand|rdseed|rdpmc|pause|mwait|monitor|xgetbv|xsetbv|syscall|sysenter|f[a-z]+)( |$)|%([xyz]?mm[0-9]|st)')
if [ -n "$found" ]; then
    printf 'instructions that must not be in the image:\n%s\n' "$found" >&2
    exit 1
fi
