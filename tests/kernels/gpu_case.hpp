// SPDX-License-Identifier: MIT
// One selective scan with random operands, run forward and backward on a device and compared with plain double loops.
// The same cases run on the emulated device and on a real one.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kernels/gpu_matrix.hpp"
#include "scan/problem.hpp"

namespace stgmamba::kernels::test {

/// Where a case runs.
class Device {
 public:
  virtual ~Device() = default;
  virtual bool takes(Scalar io) const = 0;
  /// The device's address of what buffer.data() is on the host; nullptr for nullptr.
  virtual void* address(emulation::GuardedBuffer* buffer) = 0;
  /// Copies every buffer seen back to the host.
  virtual void download() = 0;
  virtual const char* forward(const ScanForward& problem) = 0;
  virtual const char* backward(const ScanBackward& problem, void* workspace) = 0;
};

/// The device that this test program is linked for (emulated_device.cpp or cuda_device.cpp), or nullptr with the
/// reason.
std::unique_ptr<Device> test_device(std::string& missing);

enum class Axis { kJoints, kFrames, kNodes };

struct GpuBranch {
  Axis axis = Axis::kFrames;
  bool reverse = false, ordered = false, first = false;  // ordered: joints in a shuffled order; first: with h0
};

struct GpuShape {
  std::int64_t batch = 1, frames = 1, joints = 1, channels = 1, states = 1;  // B, F, V, D, N
  Scalar io = Scalar::kFloat32;
  bool strided = false;   // every row followed by padding
  double gradient = 1.0;  // scale of dL/dy
  std::uint64_t seed = 1;
  std::vector<GpuBranch> branches;
};
std::string text(const GpuShape& shape);

/// "0.y", "0.d_a", "d_u", ...: values in storage order.
using Values = std::map<std::string, std::vector<double>>;

class GpuCase {
 public:
  explicit GpuCase(const GpuShape& shape);

  /// Forward and backward. Empty, or what the launcher or a canary says. Throws emulation::Fault.
  std::string run(Device& device);
  Values results() const;
  /// Operands, by the same names: "u", "0.delta", "0.b", ...
  Values& operands() { return operands_; }
  /// Writes changed operands to the buffers.
  void apply_operands();

  const GpuShape& shape() const { return shape_; }
  const std::vector<ScanPath>& paths() const { return paths_; }

 private:
  GuardedMatrix& at(const std::string& name) { return *matrices_.at(name); }
  void add(const std::string& name, Scalar type, std::int64_t rows, std::int64_t columns, bool padded);
  void add_branch(int index);
  Rows rows(Device& device, const std::string& name);
  void* data(Device& device, const std::string& name);
  ScanForward forward_problem(Device& device);
  ScanBackward backward_problem(Device& device);
  std::string damage() const;

  GpuShape shape_;
  std::int64_t tokens_;
  std::vector<ScanPath> paths_;
  std::vector<std::unique_ptr<emulation::GuardedBuffer>> orders_;
  std::unique_ptr<emulation::GuardedBuffer> workspace_;
  std::map<std::string, std::unique_ptr<GuardedMatrix>> matrices_;
  Values operands_;
};

/// Answers in double from the operands. `magnitudes`: every sum of the formulas over the magnitudes of its terms
/// instead.
Values reference(GpuCase& scan, bool magnitudes = false);

/// Errors of a case against its bounds: empty when all hold. float32: 2e-6 of the largest value and 2e-5 of every
/// channel's own largest (an element whose terms cancelled: 2^-20 of the sum of their magnitudes); 16-bit types: one
/// rounding more; float64: 1e-12 and 1e-11.
std::string check(GpuCase& scan);

}  // namespace stgmamba::kernels::test
