#!/bin/sh
# make check: builds what is to be tested, runs everything, prints "N passed, N failed".
# Variables given to make (CC=, SAN=1) reach the inner makes through MAKEFLAGS.
cd "$(dirname "$0")/.." || exit 1
build=$(make -s print-build) || exit 1
make -s -j"$(nproc)" all units fuzzers faults golden-program || exit 1
make -s -j"$(nproc)" DOUBLE=1 units golden-program || exit 1
double=$(make -s DOUBLE=1 print-build)
BUILD=$build DOUBLE_BUILD=$double exec tests/run.sh "$@"
