#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# genconfig.sh PROBES COMPILER FLAGS...: prints a header with HAVE_NAME for each PROBES/name.c that the kernel's headers
# compile. Called by Kbuild with the flags that the module itself is compiled with. A probe sees the macros of those before it.
set -eu
probes=$1
shift
echo '/* Made by genconfig.sh. */'
for probe in "$probes"/*.c; do
    name=$(basename "$probe" .c | tr 'a-z-' 'A-Z_')
    if "$@" -Werror -Wno-missing-prototypes -Wno-missing-declarations -fsyntax-only "$probe" > /dev/null 2>&1; then
        echo "#define HAVE_$name 1"
        set -- "$@" "-DHAVE_$name=1"
    else
        echo "/* no $name */"
    fi
done
