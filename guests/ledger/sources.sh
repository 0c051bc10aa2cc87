#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Prints the digests of all sources of the image, as image/sources.sha256 holds them.
set -eu
cd "$(dirname "$0")"
LC_ALL=C
export LC_ALL
sha256sum src/*
