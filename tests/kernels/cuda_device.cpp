// SPDX-License-Identifier: MIT
// Test programs linked with this file run on the first CUDA device. Guarded buffers are mirrored whole, canaries
// included, so that a kernel's stray write comes back with the results.
#include <map>
#include <stdexcept>

#include <cuda_runtime_api.h>

#include "kernels/gpu_case.hpp"
#include "scan/gpu/scan.hpp"

namespace stgmamba::kernels::test {
namespace {

void must(cudaError_t error) {
  if (error != cudaSuccess) {
    throw std::runtime_error(cudaGetErrorString(error));
  }
}

class CudaDevice : public Device {
 public:
  CudaDevice() { must(cudaStreamCreate(&stream_)); }
  ~CudaDevice() override {
    release();
    cudaStreamDestroy(stream_);
  }
  bool takes(Scalar io) const override { return io != Scalar::kFloat64; }

  void* address(emulation::GuardedBuffer* buffer) override {
    if (buffer == nullptr) {
      return nullptr;
    }
    auto [mirror, fresh] = mirrors_.try_emplace(buffer, nullptr);
    if (fresh) {
      std::vector<unsigned char>& bytes = buffer->whole();
      must(cudaMalloc(&mirror->second, bytes.size()));
      must(cudaMemcpy(mirror->second, bytes.data(), bytes.size(), cudaMemcpyHostToDevice));
    }
    return static_cast<unsigned char*>(mirror->second) + emulation::GuardedBuffer::kMargin;
  }
  void download() override {
    must(cudaStreamSynchronize(stream_));
    for (const auto& [buffer, memory] : mirrors_) {
      must(cudaMemcpy(buffer->whole().data(), memory, buffer->whole().size(), cudaMemcpyDeviceToHost));
    }
    release();
  }
  const char* forward(const ScanForward& problem) override { return cuda::scan_forward(problem, stream_); }
  const char* backward(const ScanBackward& problem, void* workspace) override {
    return cuda::scan_backward(problem, workspace, stream_);
  }

 private:
  void release() {
    for (const auto& [buffer, memory] : mirrors_) {
      cudaFree(memory);
    }
    mirrors_.clear();
  }
  cudaStream_t stream_ = nullptr;
  std::map<emulation::GuardedBuffer*, void*> mirrors_;
};

}  // namespace

std::unique_ptr<Device> test_device(std::string& missing) {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess || count == 0) {
    missing = std::string("no GPU here: ") + cudaGetErrorString(error);
    return nullptr;
  }
  return std::make_unique<CudaDevice>();
}

}  // namespace stgmamba::kernels::test
