// SPDX-License-Identifier: MIT
// Test programs linked with this file run on the emulated device.
#include "kernels/gpu_case.hpp"
#include "scan/gpu/scan.hpp"

namespace stgmamba::kernels::test {
namespace {

class EmulatedDevice : public Device {
 public:
  bool takes(Scalar /*io*/) const override { return true; }
  void* address(emulation::GuardedBuffer* buffer) override { return buffer == nullptr ? nullptr : buffer->data(); }
  void download() override {}
  const char* forward(const ScanForward& problem) override { return emulated::scan_forward(problem, nullptr); }
  const char* backward(const ScanBackward& problem, void* workspace) override {
    return emulated::scan_backward(problem, workspace, nullptr);
  }
};

}  // namespace

std::unique_ptr<Device> test_device(std::string& /*missing*/) {
  return std::make_unique<EmulatedDevice>();
}

}  // namespace stgmamba::kernels::test
