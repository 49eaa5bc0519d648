#!/usr/bin/env bash
# Builds Monero's own verification beside us, for bench:ledger: build.sh MONERO_SOURCES OUT
# Needs g++, libsodium-dev, libboost-dev, libboost-serialization-dev, and the folders src, contrib, external of
# https://github.com/monero-project/monero (0aa9c51b was measured). Nothing of it comes into this repository.
set -euo pipefail
sources=$(realpath "$1")
out=$(realpath "$2")
here=$(realpath "$(dirname "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
flags=(-O3 -DNDEBUG -w -ffunction-sections -fdata-sections -DAUTO_INITIALIZE_EASYLOGGINGPP -DELPP_NO_DEFAULT_LOG_FILE
  -D_GNU_SOURCE "-I$sources/src" "-I$sources/contrib/epee/include" "-I$sources/external/easylogging++")
for file in src/crypto/{crypto-ops,crypto-ops-data,keccak,hash,random}.c src/ringct/rctCryptoOps.c src/common/aligned.c \
  contrib/epee/src/memwipe.c; do
  gcc "${flags[@]}" -c "$sources/$file" -o "$(basename "$file").o"
done
for file in src/ringct/{rctOps.cpp,rctTypes.cpp,rctSigs.cpp,multiexp.cc,bulletproofs_plus.cc} \
  src/crypto/{crypto,generators}.cpp src/common/perf_timer.cpp contrib/epee/src/mlocker.cpp \
  external/easylogging++/easylogging++.cc; do
  g++ -std=c++17 "${flags[@]}" -c "$sources/$file" -o "$(basename "$file").o"
done
g++ -std=c++17 "${flags[@]}" -c "$here/verify.cpp" -o verify.o
g++ -Wl,--gc-sections -o "$out" ./*.o -lpthread -lsodium -lboost_serialization
