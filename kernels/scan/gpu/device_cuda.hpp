// SPDX-License-Identifier: MIT
// scan/gpu/device.hpp as CUDA. Compile with -ftz=true.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#define STG_DEVICE_NAMESPACE cuda
#define STG_KERNEL __global__
#define STG_LAUNCH_BOUNDS(...) __launch_bounds__(__VA_ARGS__)  // threads a block, blocks a multiprocessor
#define STG_PARAMETER const __grid_constant__                  // indexable without a copy on the stack
#define STG_DEVICE __device__ __forceinline__
#define STG_UNROLL _Pragma("unroll")
#define STG_NO_UNROLL _Pragma("unroll 1")

namespace stgmamba::kernels::cuda::device {

STG_DEVICE int thread_index() {
  return static_cast<int>(threadIdx.x);
}
STG_DEVICE int block_size() {
  return static_cast<int>(blockDim.x);
}
STG_DEVICE int block_index() {
  return static_cast<int>(blockIdx.x);
}

STG_DEVICE void barrier() {
  __syncthreads();
}
STG_DEVICE float shuffle_xor(unsigned mask, float value, int lanes) {
  return __shfl_xor_sync(mask, value, lanes);
}

STG_DEVICE float exp2(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
STG_DEVICE float reciprocal(float x) {
  float y;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
STG_DEVICE float inverse_sqrt(float x) {
  return __frcp_rn(__fsqrt_rn(x));
}
STG_DEVICE float fma(float a, float b, float c) {
  return __fmaf_rn(a, b, c);
}
STG_DEVICE float max(float a, float b) {
  return fmaxf(a, b);
}
STG_DEVICE float abs(float x) {
  return fabsf(x);
}

STG_DEVICE float load(const float* p) {
  return __ldg(p);
}
STG_DEVICE int load(const int* p) {
  return __ldg(p);
}
STG_DEVICE float load(const BFloat16* p) {
  return __uint_as_float(static_cast<unsigned>(__ldg(reinterpret_cast<const unsigned short*>(p))) << 16);
}
STG_DEVICE float load(const Float16* p) {
  return __half2float(__ushort_as_half(__ldg(reinterpret_cast<const unsigned short*>(p))));
}
/// Memory that this kernel has written itself: never through the read-only path.
STG_DEVICE float load_own(const float* p) {
  return *p;
}
STG_DEVICE void store(float* p, float x) {
  *p = x;
}
STG_DEVICE void store(BFloat16* p, float x) {
  p->bits = __bfloat16_as_ushort(__float2bfloat16_rn(x));
}
STG_DEVICE void store(Float16* p, float x) {
  p->bits = __half_as_ushort(__float2half_rn(x));
}

STG_DEVICE unsigned char* shared_bytes() {
  extern __shared__ __align__(16) unsigned char stg_shared_bytes[];
  return stg_shared_bytes;
}

/// An array in dynamic shared memory that begins at a byte offset.
template <typename T>
class Shared {
 public:
  STG_DEVICE explicit Shared(int offset) : data_(reinterpret_cast<T*>(shared_bytes() + offset)) {}
  STG_DEVICE T load(int i) const { return data_[i]; }
  STG_DEVICE void store(int i, T x) const { data_[i] = x; }
  /// Elements i .. i + 3; i must be a multiple of 4.
  STG_DEVICE Four<T> load4(int i) const { return *reinterpret_cast<const Four<T>*>(data_ + i); }
  STG_DEVICE void store4(int i, const Four<T>& x) const { *reinterpret_cast<Four<T>*>(data_ + i) = x; }

 private:
  T* data_;
};

/// Enqueues kernel(args) on the stream. Returns nullptr, or what CUDA says.
template <typename Args>
const char* launch(void (*kernel)(Args), const LaunchShape& shape, void* stream, const Args& args) {
  static_assert(sizeof(Args) <= 4096, "kernel parameters fit the constant bank of every architecture");
  constexpr int kWithoutAsking = 48 * 1024;
  if (shape.shared_bytes > kWithoutAsking) {
    const cudaError_t error =
        cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, shape.shared_bytes);
    if (error != cudaSuccess) {
      return cudaGetErrorString(error);
    }
  }
  kernel<<<static_cast<unsigned>(shape.blocks), static_cast<unsigned>(shape.threads),
           static_cast<std::size_t>(shape.shared_bytes), static_cast<cudaStream_t>(stream)>>>(args);
  const cudaError_t error = cudaGetLastError();
  return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
}

}  // namespace stgmamba::kernels::cuda::device
