// SPDX-License-Identifier: MIT
// scan/gpu/device.hpp on the CPU: every access and every meeting of threads goes through the emulation's checks.
#pragma once

#include <cmath>

#include "emulation/global_memory.hpp"
#include "emulation/grid.hpp"
#include "emulation/shared_memory.hpp"

#define STG_DEVICE_NAMESPACE emulated
#define STG_KERNEL
#define STG_LAUNCH_BOUNDS(...)
#define STG_PARAMETER const
#define STG_DEVICE inline
#define STG_UNROLL
#define STG_NO_UNROLL

namespace stgmamba::kernels::emulated::device {

using emulation::Site;

inline int thread_index() {
  return emulation::thread_index();
}
inline int block_size() {
  return emulation::block_size();
}
inline int block_index() {
  return static_cast<int>(emulation::block_index());
}

inline void barrier(Site site = Site::current()) {
  emulation::block_barrier(site);
}
template <typename T>
T shuffle_xor(unsigned mask, T value, int lanes, Site site = Site::current()) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  bits = emulation::warp_exchange(mask, bits, (thread_index() % 32) ^ lanes, site);
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

/// A relative error in [-2^-22, 2^-22], the documented bound of the approximate instructions, drawn from the argument:
/// what holds here does not depend on how a GPU rounds. Exact where the instruction is exact.
inline float blur(float exact, float argument) {
  std::uint32_t hash = std::bit_cast<std::uint32_t>(argument) * 0x9e3779b1U;
  hash = (hash ^ hash >> 15) * 0x85ebca77U;
  const double error = (static_cast<double>(hash ^ hash >> 13) * 0x1p-31 - 1.0) * 0x1p-22;
  return static_cast<float>(static_cast<double>(exact) * (1.0 + error));
}
inline float exp2(float x) {
  return x == std::nearbyint(x) ? std::exp2(x) : blur(std::exp2(x), x);
}
inline float reciprocal(float x) {
  return blur(1.0F / x, x);
}
inline float inverse_sqrt(float x) {
  return 1.0F / std::sqrt(x);
}
// Rounds twice, once to double: as good as one rounding but for a few ties, and quick without an FMA instruction.
inline float fma(float a, float b, float c) {
  return static_cast<float>(static_cast<double>(a) * static_cast<double>(b) + static_cast<double>(c));
}
inline float max(float a, float b) {
  return std::fmax(a, b);
}
inline float abs(float x) {
  return std::fabs(x);
}

inline double exp2(double x) {
  return std::exp2(x);
}
inline double reciprocal(double x) {
  return 1.0 / x;
}
inline double inverse_sqrt(double x) {
  return 1.0 / std::sqrt(x);
}
inline double fma(double a, double b, double c) {
  return a * b + c;
}
inline double max(double a, double b) {
  return std::fmax(a, b);
}
inline double abs(double x) {
  return std::fabs(x);
}

template <typename T>
const T& checked(const T* p, const char* what, const Site& site) {
  emulation::check_global(p, sizeof(T), alignof(T), what, site);
  return *p;
}
inline float load(const float* p, Site site = Site::current()) {
  return checked(p, "load", site);
}
inline double load(const double* p, Site site = Site::current()) {
  return checked(p, "load", site);
}
inline int load(const int* p, Site site = Site::current()) {
  return checked(p, "load", site);
}
inline float load(const BFloat16* p, Site site = Site::current()) {
  return float_from(checked(p, "load", site));
}
inline float load(const Float16* p, Site site = Site::current()) {
  return float_from(checked(p, "load", site));
}
template <typename T>
T load_own(const T* p, Site site = Site::current()) {
  return checked(p, "load", site);
}
template <typename T>
void store_checked(T* p, T x, const Site& site) {
  checked(p, "store", site);
  *p = x;
}
inline void store(float* p, float x, Site site = Site::current()) {
  store_checked(p, x, site);
}
inline void store(double* p, double x, Site site = Site::current()) {
  store_checked(p, x, site);
}
inline void store(BFloat16* p, float x, Site site = Site::current()) {
  store_checked(p, bfloat16_from(x), site);
}
inline void store(Float16* p, float x, Site site = Site::current()) {
  store_checked(p, float16_from(x), site);
}

/// An array in dynamic shared memory that begins at a byte offset.
template <typename T>
class Shared {
 public:
  explicit Shared(int offset) : offset_(offset) {}
  T load(int i, Site site = Site::current()) const { return read<T>(i, site); }
  void store(int i, T x, Site site = Site::current()) const { write(i, x, site); }
  Four<T> load4(int i, Site site = Site::current()) const { return read<Four<T>>(i, site); }
  void store4(int i, const Four<T>& x, Site site = Site::current()) const { write(i, x, site); }

 private:
  // A negative index wraps to a huge offset, which the bounds check refuses.
  std::size_t at(int i) const {
    return static_cast<std::size_t>(offset_ + static_cast<std::ptrdiff_t>(i) * static_cast<std::ptrdiff_t>(sizeof(T)));
  }
  template <typename V>
  V read(int i, const Site& site) const {
    return emulation::shared_memory().read<V>(at(i), thread_index(), site);
  }
  template <typename V>
  void write(int i, const V& x, const Site& site) const {
    emulation::shared_memory().write(at(i), x, thread_index(), site);
  }
  int offset_;
};

/// Runs the whole grid before it returns; the stream is not looked at. Throws emulation::Fault.
template <typename Args>
const char* launch(void (*kernel)(Args), const LaunchShape& shape, void* /*stream*/, const Args& args) {
  static_assert(sizeof(Args) <= 4096, "kernel parameters fit the constant bank of every architecture");
  emulation::run_grid({shape.blocks, shape.threads, shape.shared_bytes}, [&] { kernel(args); });
  return nullptr;
}

}  // namespace stgmamba::kernels::emulated::device
