// SPDX-License-Identifier: MIT
#include "ops/scan_problem.hpp"

#include "stgmamba/util/error.hpp"

namespace stgmamba::ops {
namespace {

using torch::Tensor;

kernels::ScanPath path_of(const Tensor& u, const BranchSpec& spec, const Tensor& order) {
  const std::int64_t batch = u.size(0);
  const std::int64_t frames = u.size(1);
  const std::int64_t joints = u.size(2);
  kernels::ScanPath path;
  path.reverse = spec.reverse;
  switch (spec.axis) {
    case ScanAxis::kJoints:
      path.sequences = batch * frames;
      path.length = joints;
      path.outer_stride = joints;
      break;
    case ScanAxis::kFrames:
      path.sequences = batch * joints;
      path.length = frames;
      path.inner = joints;
      path.outer_stride = frames * joints;
      path.inner_stride = 1;
      path.step = joints;
      break;
    case ScanAxis::kNodes:
      path.sequences = batch;
      path.length = frames * joints;
      path.outer_stride = frames * joints;
      break;
  }
  if (order.defined() && spec.axis != ScanAxis::kFrames) {
    path.order = order.data_ptr<std::int32_t>();
    path.period = static_cast<std::int32_t>(joints);
  }
  return path;
}

bool in_rows(const Tensor& x) {
  const auto uniform = [&x](std::int64_t outer, std::int64_t inner) {
    return x.size(outer) == 1 || x.stride(outer) == x.stride(inner) * x.size(inner);
  };
  // Where an axis has one element its stride says nothing; a copy is the simple answer to those few shapes.
  return (x.size(3) == 1 || x.stride(3) == 1) && (x.size(2) > 1 || x.is_contiguous()) && uniform(1, 2) &&
         (x.size(1) > 1 ? uniform(0, 1) : x.size(0) == 1 || x.is_contiguous());
}

}  // namespace

kernels::Scalar scalar_of(at::ScalarType type) {
  switch (type) {
    case at::kFloat:
      return kernels::Scalar::kFloat32;
    case at::kDouble:
      return kernels::Scalar::kFloat64;
    case at::kBFloat16:
      return kernels::Scalar::kBFloat16;
    case at::kHalf:
      return kernels::Scalar::kFloat16;
    default:
      throw BugError("[ops] activations must be float32, float64, bfloat16 or float16, got {}", c10::toString(type));
  }
}

std::vector<std::int64_t> to_ints(const CallShape& shape) {
  std::vector<std::int64_t> values;
  for (const BranchSpec& b : shape.branches) {
    values.push_back(static_cast<std::int64_t>(b.axis) | (b.reverse ? 4 : 0) | (b.has_order ? 8 : 0) |
                     (b.has_first ? 16 : 0) | (b.keep_last ? 32 : 0));
  }
  return values;
}

CallShape from_ints(const std::vector<std::int64_t>& values) {
  CallShape shape;
  for (const std::int64_t v : values) {
    shape.branches.push_back({static_cast<ScanAxis>(v & 3), (v & 4) != 0, (v & 8) != 0, (v & 16) != 0, (v & 32) != 0});
  }
  return shape;
}

CallTensors unpack(at::TensorList tensors, const CallShape& shape) {
  const Tensor* next = tensors.data();
  CallTensors call;
  call.u = *next++;
  for (const BranchSpec& spec : shape.branches) {
    BranchTensors branch;
    for (Tensor* x : {&branch.delta, &branch.b, &branch.c, &branch.a, &branch.skip, &branch.bias}) {
      *x = *next++;
    }
    if (spec.has_first) {
      branch.first = *next++;
    }
    if (spec.has_order) {
      branch.order = *next++;
    }
    call.branches.push_back(branch);
  }
  return call;
}

Tensor tokens_in_rows(const Tensor& x) {
  return in_rows(x) ? x : x.clone(at::MemoryFormat::Contiguous);
}

kernels::Rows rows(const Tensor& x) {
  return {x.data_ptr(), x.size(2) > 1 ? x.stride(2) : x.size(3)};
}

kernels::ScanForward forward_problem(const CallTensors& tensors, const CallShape& shape) {
  kernels::ScanForward problem;
  problem.io = scalar_of(tensors.u.scalar_type());
  problem.channels = tensors.u.size(3);
  problem.states = tensors.branches.front().a.size(1);
  problem.u = rows(tensors.u);
  problem.branches = static_cast<int>(shape.branches.size());
  for (std::size_t i = 0; i < shape.branches.size(); ++i) {
    const BranchTensors& from = tensors.branches[i];
    kernels::ScanBranchForward& to = problem.branch[i];
    to.path = path_of(tensors.u, shape.branches[i], from.order);
    to.delta = rows(from.delta);
    to.b = rows(from.b);
    to.c = rows(from.c);
    to.a = from.a.data_ptr();
    to.skip = from.skip.data_ptr();
    to.bias = from.bias.data_ptr();
    to.first = from.first.defined() ? from.first.data_ptr() : nullptr;
  }
  return problem;
}

BackwardCall::BackwardCall(const CallTensors& tensors, const CallShape& shape)
    : tensors_(tensors), shape_(shape), gradients_(shape.branches.size()) {
  const Tensor& u = tensors.u;
  problem.io = scalar_of(u.scalar_type());
  problem.channels = u.size(3);
  problem.states = tensors.branches.front().a.size(1);
  problem.tokens = u.size(0) * u.size(1) * u.size(2);
  problem.u = rows(u);
}

void BackwardCall::add(std::size_t index, const Tensor& d_y) {
  const BranchTensors& from = tensors_.branches[index];
  const Tensor& u = tensors_.u;
  const std::int64_t states = problem.states;
  if (!d_u_.defined()) {
    d_u_ = torch::empty(u.sizes(), u.options());
    problem.d_u = rows(d_u_);
  }
  kept_.push_back(tokens_in_rows(d_y));
  BranchTensors& d = gradients_[index];
  d.delta = torch::empty(u.sizes(), u.options());
  d.b = torch::empty(from.b.sizes(), u.options());  // [B, F, V, N]
  d.c = torch::empty(from.c.sizes(), u.options());  // [B, F, V, N]
  d.a = torch::empty({u.size(3), states}, from.a.options());
  d.skip = torch::empty({u.size(3)}, from.a.options());
  d.bias = torch::empty({u.size(3)}, from.a.options());
  kernels::ScanBranchBackward& to = problem.branch[problem.branches++];
  to.path = path_of(u, shape_.branches[index], from.order);
  to.delta = rows(from.delta);
  to.b = rows(from.b);
  to.c = rows(from.c);
  to.a = from.a.data_ptr();
  to.skip = from.skip.data_ptr();
  to.bias = from.bias.data_ptr();
  to.d_y = rows(kept_.back());
  to.d_delta = rows(d.delta);
  to.d_b = rows(d.b);
  to.d_c = rows(d.c);
  to.d_a = d.a.data_ptr();
  to.d_skip = d.skip.data_ptr();
  to.d_bias = d.bias.data_ptr();
  if (from.first.defined()) {
    d.first = torch::empty(from.first.sizes(), from.first.options());
    to.first = from.first.data_ptr();
    to.d_first = d.first.data_ptr();
  }
}

torch::autograd::variable_list BackwardCall::gradients() const {
  torch::autograd::variable_list list = {d_u_};
  for (std::size_t i = 0; i < shape_.branches.size(); ++i) {
    const BranchTensors& d = gradients_[i];
    list.insert(list.end(), {d.delta, d.b, d.c, d.a, d.skip, d.bias});
    if (shape_.branches[i].has_first) {
      list.push_back(d.first);
    }
    if (shape_.branches[i].has_order) {
      list.emplace_back();
    }
  }
  return list;
}

}  // namespace stgmamba::ops
