// SPDX-License-Identifier: MIT
#include "ops/reference_scan.hpp"

#include <cmath>
#include <numeric>

#include "stgmamba/util/check.hpp"

namespace stgmamba::ops {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr double kSoftplusThreshold = 20.0;  // softplus(s) is taken as s above, as PyTorch does

/// Where a sequence runs: which slice of a [B, F, V, ...] tensor step t sees.
class Path {
 public:
  Path(const Tensor& u, ScanAxis axis, bool reverse, const std::vector<std::int64_t>& order)
      : axis_(axis), joints_(u.size(2)), order_(order) {
    if (order_.empty()) {
      order_.resize(static_cast<std::size_t>(joints_));
      std::iota(order_.begin(), order_.end(), std::int64_t{0});
    }
    length_ = axis == ScanAxis::kJoints ? joints_ : axis == ScanAxis::kFrames ? u.size(1) : u.size(1) * joints_;
    reverse_ = reverse;
  }
  std::int64_t length() const { return length_; }

  /// A view without the scanned axis: [B, F, ...] (joints), [B, V, ...] (frames) or [B, ...] (nodes).
  Tensor at(const Tensor& x, std::int64_t step) const {
    const std::int64_t t = reverse_ ? length_ - 1 - step : step;
    switch (axis_) {
      case ScanAxis::kJoints:
        return x.select(2, joint(t));
      case ScanAxis::kFrames:
        return x.select(1, t);
      case ScanAxis::kNodes:
        return x.select(1, t / joints_).select(1, joint(t % joints_));
    }
    return {};
  }

 private:
  std::int64_t joint(std::int64_t position) const { return order_[static_cast<std::size_t>(position)]; }
  ScanAxis axis_;
  std::int64_t joints_, length_ = 0;
  bool reverse_ = false;
  std::vector<std::int64_t> order_;
};

struct Operands {
  Tensor u, delta, b, c, a, skip;  // delta after bias and softplus
};

/// The state after one step: h = exp(delta A) h + delta B u. All of [.., D, N].
Tensor advance(const Operands& op, const Path& path, std::int64_t step, const Tensor& state) {
  const Tensor delta = path.at(op.delta, step);                      // [.., D]
  const Tensor decay = (delta.unsqueeze(-1) * op.a).exp_();          // [.., D, N]
  const Tensor input = (delta * path.at(op.u, step)).unsqueeze(-1);  // [.., D, 1]
  return decay.mul_(state).addcmul_(input, path.at(op.b, step).unsqueeze(-2));
}

Tensor first_state(const Operands& op, const Path& path, const Tensor& initial) {
  std::vector<std::int64_t> shape = path.at(op.u, 0).sizes().vec();
  shape.push_back(op.a.size(1));
  return initial.defined() ? initial.reshape(shape) : torch::zeros(shape, op.u.options());
}

std::int64_t segment_length(std::int64_t length) {
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(length)))));
}

/// Gradients of one branch, summed over sequences where the input is shared.
struct Gradients {
  Tensor u, delta, b, c, a, skip;
};

class ReferenceScan : public torch::autograd::Function<ReferenceScan> {
 public:
  static variable_list forward(AutogradContext* ctx, const Tensor& u, const Tensor& raw, const Tensor& b,
                               const Tensor& c, const Tensor& a, const Tensor& skip, const Tensor& bias,
                               const std::optional<Tensor>& h0, std::int64_t axis, bool reverse,
                               const std::vector<std::int64_t>& order) {
    const Tensor initial = h0.value_or(Tensor());
    const Path path(u, static_cast<ScanAxis>(axis), reverse, order);
    const Operands op{u, torch::softplus(raw + bias), b, c, a, skip};
    const std::int64_t segment = segment_length(path.length());
    Tensor state = first_state(op, path, initial);
    Tensor y = torch::empty_like(u, at::MemoryFormat::Contiguous);
    std::vector<Tensor> checkpoints;  // the state before every segment
    for (std::int64_t step = 0; step < path.length(); ++step) {
      if (step % segment == 0) {
        checkpoints.push_back(state);
      }
      state = advance(op, path, step, state);
      const Tensor out = torch::matmul(state, path.at(c, step).unsqueeze(-1)).squeeze(-1);  // [.., D]
      path.at(y, step).copy_(out.addcmul_(skip, path.at(u, step)));
    }
    ctx->save_for_backward({u, raw, b, c, a, skip, bias, initial, torch::stack(checkpoints)});
    ctx->saved_data["axis"] = axis;
    ctx->saved_data["reverse"] = reverse;
    ctx->saved_data["order"] = order;
    Tensor last = state.reshape({-1, state.size(-2), state.size(-1)});  // [S, D, N]
    ctx->mark_non_differentiable({last});
    return {y, last};
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    STG_CHECK(!torch::GradMode::is_enabled(),
              "[selective_scan] has no second derivative; call backward without create_graph");
    const variable_list saved = ctx->get_saved_variables();
    const Tensor& raw = saved[1];
    const Tensor& bias = saved[6];
    const Tensor& initial = saved[7];
    const Tensor& checkpoints = saved[8];
    const Tensor biased = raw + bias;
    const Operands op{saved[0], torch::softplus(biased), saved[2], saved[3], saved[4], saved[5]};
    const Path path(op.u, static_cast<ScanAxis>(ctx->saved_data["axis"].toInt()), ctx->saved_data["reverse"].toBool(),
                    ctx->saved_data["order"].toIntVector());
    Gradients d{torch::empty_like(op.u, at::MemoryFormat::Contiguous),
                torch::empty_like(op.delta),
                torch::zeros_like(op.b, at::MemoryFormat::Contiguous),
                torch::zeros_like(op.c, at::MemoryFormat::Contiguous),
                torch::zeros_like(op.a),
                torch::zeros_like(op.skip)};
    const Tensor carry = run_back(op, path, checkpoints, grads[0], d);
    // d softplus = sigmoid, and 1 where softplus was taken as its argument.
    const Tensor slope = torch::sigmoid(biased).masked_fill_(biased > kSoftplusThreshold, 1.0);
    const Tensor d_raw = d.delta.mul_(slope);
    const Tensor d_bias = d_raw.reshape({-1, bias.numel()}).sum(0);
    const Tensor d_initial = initial.defined() ? carry.reshape(initial.sizes()) : Tensor();
    return {d.u, d_raw, d.b, d.c, d.a, d.skip, d_bias, d_initial, Tensor(), Tensor(), Tensor()};
  }

 private:
  /// Runs the adjoint from the last step to the first and returns dL/dh before the first.
  static Tensor run_back(const Operands& op, const Path& path, const Tensor& checkpoints, const Tensor& d_y,
                         Gradients& d) {
    const std::int64_t segment = segment_length(path.length());
    Tensor carry = torch::zeros_like(checkpoints[0]);  // a[t+1] lam[t+1]
    for (std::int64_t block = checkpoints.size(0) - 1; block >= 0; --block) {
      const std::int64_t begin = block * segment;
      const std::int64_t end = std::min(begin + segment, path.length());
      std::vector<Tensor> states = {checkpoints[block]};  // states[i] is the one before step begin + i
      for (std::int64_t step = begin; step < end; ++step) {
        states.push_back(advance(op, path, step, states.back()));
      }
      for (std::int64_t step = end - 1; step >= begin; --step) {
        const auto i = static_cast<std::size_t>(step - begin);
        carry = step_back(op, path, step, states[i], states[i + 1], path.at(d_y, step), carry, d);
      }
    }
    return carry;
  }

  static Tensor step_back(const Operands& op, const Path& path, std::int64_t step, const Tensor& before,
                          const Tensor& after, const Tensor& g, const Tensor& carry, Gradients& d) {
    const Tensor u = path.at(op.u, step);                                        // [.., D]
    const Tensor delta = path.at(op.delta, step);                                // [.., D]
    const Tensor b = path.at(op.b, step);                                        // [.., N]
    const Tensor c = path.at(op.c, step);                                        // [.., N]
    const Tensor lam = torch::addcmul(carry, g.unsqueeze(-1), c.unsqueeze(-2));  // [.., D, N]
    const Tensor decay = (delta.unsqueeze(-1) * op.a).exp_();                    // [.., D, N]
    path.at(d.c, step).copy_(torch::matmul(g.unsqueeze(-2), after).squeeze(-2));
    path.at(d.b, step).copy_(torch::matmul((delta * u).unsqueeze(-2), lam).squeeze(-2));
    const Tensor lam_b = torch::matmul(lam, b.unsqueeze(-1)).squeeze(-1);  // [.., D]
    path.at(d.u, step).copy_(torch::addcmul(delta * lam_b, op.skip, g));
    const Tensor next = decay.mul_(lam);  // a lam: dL/dh of the step before
    const Tensor flow = next * before;    // lam a h[t-1]
    path.at(d.delta, step).copy_(torch::addcmul((flow * op.a).sum(-1), u, lam_b));
    const std::int64_t channels = op.a.size(0);
    d.a.add_((flow * delta.unsqueeze(-1)).reshape({-1, channels, op.a.size(1)}).sum(0));
    d.skip.add_((g * u).reshape({-1, channels}).sum(0));
    return next;
  }
};

/// 16-bit types are scanned in float, as the kernels do, and rounded once.
ScanOutput scan_branch(const Tensor& u, const ScanBranch& branch) {
  const at::ScalarType type = u.scalar_type() == torch::kDouble ? torch::kDouble : torch::kFloat;
  const std::optional<Tensor> initial =
      branch.initial_state.defined() ? std::optional<Tensor>(branch.initial_state.to(type)) : std::nullopt;
  const variable_list out = ReferenceScan::apply(
      u.to(type), branch.delta.to(type), branch.b.to(type), branch.c.to(type), branch.a.to(type), branch.skip.to(type),
      branch.delta_bias.to(type), initial, static_cast<std::int64_t>(branch.axis), branch.reverse, branch.order);
  return {out[0].to(u.scalar_type()), branch.keep_last_state ? out[1] : Tensor()};
}

}  // namespace

std::vector<ScanOutput> reference_scan(const at::Tensor& u, const std::vector<ScanBranch>& branches) {
  std::vector<ScanOutput> outputs;
  for (const ScanBranch& branch : branches) {
    outputs.push_back(scan_branch(u, branch));
  }
  return outputs;
}

}  // namespace stgmamba::ops
