// SPDX-License-Identifier: MIT
// A selective scan with random operands, its kernel inputs and its answer in double precision.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "scan/cpu/scan.hpp"

namespace stgmamba::kernels::test {

enum class Axis { kJoints, kFrames, kNodes };

struct BranchShape {
  Axis axis = Axis::kFrames;
  bool reverse = false;
  bool order = false;  // joints in a shuffled order
  bool first = false;  // with an initial state
};

struct WorldShape {
  std::int64_t batch = 1, frames = 1, joints = 1;  // B, F, V
  std::int64_t channels = 1, states = 1;           // D, N
  Scalar io = Scalar::kFloat32;
  double gradient = 1.0;  // scale of dy
  double delta = -2.0;    // mean of delta before softplus
  std::vector<BranchShape> branches;
  std::uint64_t seed = 1;
};
std::string text(const WorldShape& shape);

/// A tensor in the kernels' layout: values in double, and the same in the storage type with padding between the rows.
class Matrix {
 public:
  Matrix() = default;
  /// `lead` and `tail` columns around the used ones hold a canary.
  Matrix(Scalar type, std::int64_t rows, std::int64_t columns, std::int64_t lead = 0, std::int64_t tail = 0);
  void fill(const std::vector<double>& values);  // rounds to the type
  std::vector<double> values() const;            // [rows, columns]
  bool padding_is_whole() const;
  Rows rows();
  void* data() { return rows().data; }
  const std::vector<unsigned char>& bytes() const { return bytes_; }

 private:
  double get(std::int64_t i) const;
  void set(std::int64_t i, double x);
  Scalar type_ = Scalar::kFloat32;
  std::int64_t rows_ = 0, columns_ = 0, lead_ = 0, stride_ = 0;
  std::vector<unsigned char> bytes_;
};

/// Outputs and gradients of one branch by name, in double: y last d_delta d_b d_c d_a d_skip d_bias d_first.
struct Named {
  std::string name;
  std::vector<double> values;
  std::int64_t (*channel_of)(std::int64_t index, std::int64_t channels, std::int64_t states);
  /// Of the reference: |value|, or where its terms happened to cancel, the root of the sum of their squares.
  std::vector<double> scale;
};
using Results = std::vector<Named>;

class World {
 public:
  explicit World(const WorldShape& shape);
  const WorldShape& shape() const { return shape_; }

  void run(const CpuRun& run);  // forward and backward
  Results results() const;      // of the last run, d_u first
  Results reference() const;    // in double, from the same rounded operands
  bool padding_is_whole() const;
  /// The bits of every result, to compare runs.
  std::vector<unsigned char> bits() const;

 private:
  struct Branch {
    BranchShape shape;
    ScanPath path;
    std::vector<std::int32_t> order;
    Matrix delta, b, c, a, skip, bias, first, d_y;                    // operands
    Matrix y, last, d_delta, d_b, d_c, d_a, d_skip, d_bias, d_first;  // results
  };
  std::int64_t tokens() const { return shape_.batch * shape_.frames * shape_.joints; }

  WorldShape shape_;
  Matrix u_, d_u_;
  std::vector<Branch> branches_;
};

/// Largest error over the largest value, and per channel over that channel's own largest value. A value counts as its
/// scale: a channel of a short sequence may hold but one, and that one may be a sum that cancelled.
struct Errors {
  double whole = 0, channel = 0;
  std::string whole_name, channel_name;
};
Errors compare(const Results& got, const Results& wanted, const WorldShape& shape);

}  // namespace stgmamba::kernels::test
