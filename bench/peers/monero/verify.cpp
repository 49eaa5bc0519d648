// Times Monero's own verification of the transfer in a file: one CLSAG, one Bulletproof+, and 64 Bulletproofs+ together.
// Prints milliseconds of the best of many runs for each; fails when Monero refuses what it is given.
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>
#include "ringct/bulletproofs_plus.h"
#include "ringct/rctSigs.h"

using namespace rct;

static key read(std::ifstream &in) {
  std::string hex;
  key k;
  if (!(in >> hex) || hex.size() != 64) { std::fprintf(stderr, "a line is no key: %s\n", hex.c_str()); std::exit(2); }
  for (int i = 0; i < 32; i++) k.bytes[i] = std::stoi(hex.substr(2 * i, 2), nullptr, 16);
  return k;
}

static keyV read(std::ifstream &in, size_t count) {
  keyV keys;
  while (keys.size() < count) keys.push_back(read(in));
  return keys;
}

template <class Work>
static double best(double seconds, Work work) {
  using clock = std::chrono::steady_clock;
  const auto end = clock::now() + std::chrono::duration<double>(seconds);
  double least = 1e9;
  do {
    const auto start = clock::now();
    if (!work()) { std::fprintf(stderr, "Monero refuses it\n"); std::exit(1); }
    least = std::min(least, std::chrono::duration<double, std::milli>(clock::now() - start).count());
  } while (clock::now() < end);
  return least;
}

int main(int argc, char **argv) {
  std::ifstream in(argv[1]);
  const double seconds = argc > 2 ? std::stod(argv[2]) : 1;
  const key message = read(in), pseudoOut = read(in);
  ctkeyV ring(16);
  for (auto &member : ring) { member.dest = read(in); member.mask = read(in); }
  clsag signature;
  signature.s = read(in, 16);
  signature.c1 = read(in); signature.D = read(in); signature.I = read(in);
  BulletproofPlus proof;
  proof.V = read(in, 2);
  proof.A = read(in); proof.A1 = read(in); proof.B = read(in);
  proof.r1 = read(in); proof.s1 = read(in); proof.d1 = read(in);
  proof.L = read(in, 7); proof.R = read(in, 7);
  const std::vector<BulletproofPlus> many(64, proof);
  bulletproof_plus_VERIFY(proof);
  const double ring16 = best(seconds, [&] { return verRctCLSAGSimple(message, signature, ring, pseudoOut); });
  const double single = best(seconds, [&] { return bulletproof_plus_VERIFY(proof); });
  const double batch = best(seconds, [&] { return bulletproof_plus_VERIFY(many); }) / 64;
  std::printf("{\"clsag\":%f,\"range\":%f,\"rangeOf64\":%f}\n", ring16, single, batch);
}
