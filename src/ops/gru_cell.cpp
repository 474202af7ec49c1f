// SPDX-License-Identifier: MIT
#include "ops/gru_cell.hpp"

#include <torch/torch.h>

namespace stgmamba::ops {
namespace {

using torch::Tensor;

/// The columns of one gate in every frame, cut once: a cut costs as much as the arithmetic of a small frame.
std::vector<Tensor> columns(const Tensor& x, std::int64_t begin, std::int64_t count) {
  return x.narrow(2, begin, count).unbind(0);  // F of [B, count]
}

}  // namespace

GruCells::GruCells(const at::Tensor& gates, bool reverse)
    : gates_(gates), recurrent_(torch::empty_like(gates)), reverse_(reverse) {}

void GruCells::forward(const at::Tensor& weight, const at::Tensor& bias, const at::Tensor& y) {
  const std::int64_t hidden = weight.size(1);
  const Tensor transposed = weight.t();  // [H, 3 H]
  const auto both = columns(gates_, 0, 2 * hidden), both_back = columns(recurrent_, 0, 2 * hidden);
  const auto reset = columns(gates_, 0, hidden), update = columns(gates_, hidden, hidden);
  const auto candidate = columns(gates_, 2 * hidden, hidden), candidate_back = columns(recurrent_, 2 * hidden, hidden);
  auto products = recurrent_.unbind(0), states = y.unbind(0);
  Tensor h = torch::zeros({y.size(1), hidden}, y.options());  // [B, H]
  for (std::size_t step = 0; step < states.size(); ++step) {
    const std::size_t t = frame_of(step, states.size());
    torch::addmm_out(products[t], bias, h, transposed);
    both[t].add_(both_back[t]).sigmoid_();
    candidate[t].addcmul_(reset[t], candidate_back[t]).tanh_();
    torch::lerp_out(states[t], candidate[t], h, update[t]);  // n + z (h - n)
    h = states[t];
  }
}

GruGradients GruCells::backward(const at::Tensor& weight, const at::Tensor& y, const at::Tensor& d_y) const {
  const std::int64_t hidden = weight.size(1);
  const std::int64_t frames = y.size(0);
  GruGradients out;
  out.before = torch::zeros({frames, y.size(1), hidden}, y.options());
  out.before.narrow(0, reverse_ ? 0 : 1, frames - 1).copy_(y.narrow(0, reverse_ ? 1 : 0, frames - 1));
  out.recurrent = torch::empty_like(gates_);
  // What the gradient of a state is multiplied by on its way into each gate, for all frames at once.
  const Tensor r = gates_.narrow(2, 0, hidden), z = gates_.narrow(2, hidden, hidden);
  const Tensor n = gates_.narrow(2, 2 * hidden, hidden);
  const Tensor into_z = (out.before - n) * z * (1 - z);
  const Tensor into_n = (1 - z) * (1 - n * n);
  const Tensor into_r = recurrent_.narrow(2, 2 * hidden, hidden) * r * (1 - r);  // from n's gradient
  Tensor d_candidate = torch::empty_like(out.before);

  const auto rs = r.unbind(0), zs = z.unbind(0), into_rs = into_r.unbind(0), into_zs = into_z.unbind(0);
  const auto into_ns = into_n.unbind(0), d_ys = d_y.unbind(0), d_products = out.recurrent.unbind(0);
  auto d_rs = columns(out.recurrent, 0, hidden), d_zs = columns(out.recurrent, hidden, hidden);
  auto d_back = columns(out.recurrent, 2 * hidden, hidden), d_ns = d_candidate.unbind(0);
  Tensor carry = torch::zeros({y.size(1), hidden}, y.options());  // [B, H]
  Tensor d_h = torch::empty_like(carry), kept = torch::empty_like(carry);
  const auto count = static_cast<std::size_t>(frames);
  for (std::size_t step = count; step-- > 0;) {
    const std::size_t t = frame_of(step, count);
    torch::add_out(d_h, d_ys[t], carry);
    torch::mul_out(d_ns[t], d_h, into_ns[t]);
    torch::mul_out(d_zs[t], d_h, into_zs[t]);
    torch::mul_out(d_rs[t], d_ns[t], into_rs[t]);
    torch::mul_out(d_back[t], d_ns[t], rs[t]);
    torch::mul_out(kept, d_h, zs[t]);
    torch::addmm_out(carry, kept, d_products[t], weight);
  }
  out.gates = torch::cat({out.recurrent.narrow(2, 0, 2 * hidden), d_candidate}, 2);
  return out;
}

}  // namespace stgmamba::ops
