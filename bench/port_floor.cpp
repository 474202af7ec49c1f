// SPDX-License-Identifier: MIT
#include "port_floor.hpp"

#include <algorithm>
#include <chrono>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace stgmamba::bench {

#if defined(__x86_64__)
namespace {

/// The assembly keeps the compiler from joining or dropping any; every register is its own chain.
__attribute__((target("avx512f"))) void run(long rounds) {
  // Eight variables and no array: an array may live in memory, and the loop would wait for its stores.
  __m512 f0 = _mm512_set1_ps(0.5F), f1 = f0, f2 = f0, f3 = f0, f4 = f0, f5 = f0, f6 = f0, f7 = f0;
  __m512 other[3];     // results that nothing waits for: product, sum, larger
  __m512i integer[3];  // looked up, shifted, added
  const __m512 half = _mm512_set1_ps(0.5F);
  const __m512i one = _mm512_set1_epi32(1);
  for (long i = 0; i < rounds; ++i) {
    asm volatile(
        "vpermd %[one], %[one], %[looked]\n vpslld $1, %[one], %[shifted]\n vpaddd %[one], %[one], %[added]\n"
        "vaddps %[half], %[half], %[sum]\n vmaxps %[half], %[half], %[larger]\n"
        "vfmadd213ps %[half], %[half], %0\n vfmadd213ps %[half], %[half], %1\n vfmadd213ps %[half], %[half], %2\n"
        "vfmadd213ps %[half], %[half], %3\n vfmadd213ps %[half], %[half], %4\n vfmadd213ps %[half], %[half], %5\n"
        "vfmadd213ps %[half], %[half], %6\n vfmadd213ps %[half], %[half], %7\n vmulps %[half], %[half], %[product]\n"
        : "+v"(f0), "+v"(f1), "+v"(f2), "+v"(f3), "+v"(f4), "+v"(f5), "+v"(f6),
          "+v"(f7), [product] "=&v"(other[0]), [sum] "=&v"(other[1]), [larger] "=&v"(other[2]),
          [looked] "=&v"(integer[0]), [shifted] "=&v"(integer[1]), [added] "=&v"(integer[2])
        : [half] "v"(half), [one] "v"(one));
  }
}

}  // namespace

double nanoseconds_per_vector_update() {
  if (__builtin_cpu_supports("avx512f") == 0) {
    return 0;
  }
  constexpr long kRounds = 50'000;
  double best = 1e9;
  for (int i = 0; i < 1000; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    run(kRounds);
    const std::chrono::duration<double, std::nano> passed = std::chrono::steady_clock::now() - begin;
    best = std::min(best, passed.count() / kRounds);
  }
  return best;
}
#else
double nanoseconds_per_vector_update() {
  return 0;
}
#endif

}  // namespace stgmamba::bench
