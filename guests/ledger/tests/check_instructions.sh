#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Reads a disassembly (objdump -d --no-show-raw-insn) and fails if it has an instruction
#  - whose result differs between hosts or runs (time, identity and random numbers),
#  - of vector or floating point registers, or
#  - that a KVM which emulates ring 0 does not implement, or implements differently (lzcnt).
# Fails as well if there is nothing to read: no disassembly is not a good one.
awk -F '\t' '
    BEGIN {
        split("rdtsc rdtscp cpuid rdrand rdseed rdpmc rdpid xgetbv xsetbv " \
              "pause mwait monitor umonitor umwait tpause syscall sysenter sysexit " \
              "int int1 int3 into icebp iret iretl iretw " \
              "popcnt lzcnt crc32 movbe adcx adox cmpxchg16b " \
              "andn bextr blsi blsmsk blsr bzhi mulx pdep pext rorx sarx shlx shrx " \
              "stac clac verr verw lar lsl invpcid vmcall vmmcall vmfunc " \
              "xbegin xend xabort xtest emms ldmxcsr stmxcsr wait fwait", names, " ")
        for (i in names) forbidden[names[i]] = 1
        split("rep repz repnz lock data16 addr32 cs ds es ss fs gs bnd notrack", names, " ")
        for (i in names) prefix[names[i]] = 1
    }
    NF > 1 {
        count = split($2, words, " ")
        first = 1
        while (first < count && (words[first] in prefix || words[first] ~ /^rex/)) first++
        name = words[first]
        base = name
        sub(/[bwlq]$/, "", base)
        instructions++
        # x87 begins with f, XSAVE with xsave or xrstor, and what has a VEX prefix with v.
        if (name in forbidden || (base in forbidden && name != "iretq") ||
            name ~ /^(f|xsave|xrstor|v)/ || $2 ~ /%([xyz]?mm[0-9]|st)/) {
            print "must not be in the image: " $0
            bad = 1
        }
    }
    END {
        if (instructions < 1000) {
            print "not a disassembly of the image: only " instructions + 0 " instructions"
            bad = 1
        }
        exit bad
    }' >&2
