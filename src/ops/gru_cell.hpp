// SPDX-License-Identifier: MIT
// The recurrence of one direction of a gated recurrent unit: what must go frame by frame, forward and back.
#pragma once

#include <ATen/core/Tensor.h>

namespace stgmamba::ops {

struct GruGradients {
  at::Tensor gates;      // [F, B, 3 H]: of W_ih x + b_ih
  at::Tensor recurrent;  // [F, B, 3 H]: of W_hh h + b_hh
  at::Tensor before;     // [F, B, H]: the h that each frame started from
};

class GruCells {
 public:
  GruCells() = default;
  /// `gates` = W_ih x + b_ih of every frame, [F, B, 3 H]; overwritten by the gates' values r, z, n.
  GruCells(const at::Tensor& gates, bool reverse);
  /// What a forward pass left.
  GruCells(const at::Tensor& gates, const at::Tensor& recurrent, bool reverse)
      : gates_(gates), recurrent_(recurrent), reverse_(reverse) {}

  /// Writes the states to y [F, B, H]. weight W_hh [3 H, H], bias b_hh [3 H].
  void forward(const at::Tensor& weight, const at::Tensor& bias, const at::Tensor& y);
  /// From the gradient of y.
  GruGradients backward(const at::Tensor& weight, const at::Tensor& y, const at::Tensor& d_y) const;

  const at::Tensor& gates() const { return gates_; }          // [F, B, 3 H]: r, z, n
  const at::Tensor& recurrent() const { return recurrent_; }  // [F, B, 3 H]: W_hh h + b_hh

 private:
  std::size_t frame_of(std::size_t step, std::size_t frames) const { return reverse_ ? frames - 1 - step : step; }

  at::Tensor gates_, recurrent_;
  bool reverse_ = false;
};

}  // namespace stgmamba::ops
