// SPDX-License-Identifier: MIT
#include "kernels/gpu_case.hpp"

#include <cmath>
#include <cstring>
#include <numeric>
#include <random>

#include "scan/gpu/scan.hpp"

namespace stgmamba::kernels::test {
namespace {

ScanPath path_for(const GpuBranch& branch, const GpuShape& s, const std::int32_t* order) {
  ScanPath path;
  path.reverse = branch.reverse;
  if (branch.ordered) {
    path.order = order;
    path.period = static_cast<std::int32_t>(s.joints);
  }
  if (branch.axis == Axis::kFrames) {
    path.sequences = s.batch * s.joints, path.length = s.frames;
    path.inner = s.joints, path.outer_stride = s.frames * s.joints, path.inner_stride = 1, path.step = s.joints;
    return path;
  }
  const bool nodes = branch.axis == Axis::kNodes;
  path.sequences = nodes ? s.batch : s.batch * s.frames;
  path.length = nodes ? s.frames * s.joints : s.joints;
  path.outer_stride = path.length;
  return path;
}

/// Standard normal numbers that are the same on every platform.
class Normal {
 public:
  explicit Normal(std::uint64_t seed) : engine_(seed) {}
  double operator()() {
    const double u = (static_cast<double>(engine_() >> 11) + 0.5) * 0x1p-53;
    const double v = (static_cast<double>(engine_() >> 11) + 0.5) * 0x1p-53;
    return std::sqrt(-2.0 * std::log(u)) * std::cos(6.283185307179586 * v);
  }
  std::vector<double> fill(std::int64_t size, double scale = 1.0, double mean = 0.0) {
    std::vector<double> values(static_cast<std::size_t>(size));
    for (double& x : values) {
      x = mean + scale * (*this)();
    }
    return values;
  }
  std::mt19937_64& engine() { return engine_; }

 private:
  std::mt19937_64 engine_;
};

std::vector<std::int32_t> shuffled(std::int64_t size, std::mt19937_64& engine) {
  std::vector<std::int32_t> order(static_cast<std::size_t>(size));
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[engine() % i]);
  }
  return order;
}

}  // namespace

std::string text(const GpuShape& s) {
  const char* const types[] = {"float32", "float64", "bfloat16", "float16"};
  std::string out = std::string(types[static_cast<int>(s.io)]) + " B" + std::to_string(s.batch) + " F" +
                    std::to_string(s.frames) + " V" + std::to_string(s.joints) + " D" + std::to_string(s.channels) +
                    " N" + std::to_string(s.states) + (s.strided ? " strided" : "");
  for (const GpuBranch& b : s.branches) {
    out += b.axis == Axis::kJoints ? " joints" : b.axis == Axis::kFrames ? " frames" : " nodes";
    out += std::string(b.reverse ? "-" : "+") + (b.ordered ? "o" : "") + (b.first ? "h" : "");
  }
  return out;
}

GpuCase::GpuCase(const GpuShape& shape) : shape_(shape), tokens_(shape.batch * shape.frames * shape.joints) {
  add("u", shape.io, tokens_, shape.channels, true);
  add("d_u", shape.io, tokens_, shape.channels, true);
  Normal normal(shape.seed);
  operands_["u"] = normal.fill(tokens_ * shape.channels);
  for (std::size_t i = 0; i < shape.branches.size(); ++i) {
    const GpuBranch& branch = shape.branches[i];
    orders_.push_back(nullptr);
    if (branch.ordered) {
      const std::vector<std::int32_t> order = shuffled(shape.joints, normal.engine());
      orders_.back() = std::make_unique<emulation::GuardedBuffer>("order", shape.joints * 4);
      std::memcpy(orders_.back()->data(), order.data(), order.size() * 4);
    }
    paths_.push_back(
        path_for(branch, shape, orders_.back() ? static_cast<std::int32_t*>(orders_.back()->data()) : nullptr));
    add_branch(static_cast<int>(i));
    const std::string n = std::to_string(i) + ".";
    const std::int64_t d = shape.channels, states = shape.states;
    operands_[n + "delta"] = normal.fill(tokens_ * d, 1.5, -2.0);
    operands_[n + "b"] = normal.fill(tokens_ * states);
    operands_[n + "c"] = normal.fill(tokens_ * states);
    operands_[n + "d_y"] = normal.fill(tokens_ * d, shape.gradient);
    operands_[n + "skip"] = normal.fill(d);
    operands_[n + "bias"] = normal.fill(d, 0.5);
    std::vector<double> a = normal.fill(d * states, 0.3);
    for (std::size_t k = 0; k < a.size(); ++k) {
      a[k] = -std::exp(a[k]) *
             static_cast<double>(1 + static_cast<std::int64_t>(k) % states);  // -1 .. -N at the start of training
    }
    operands_[n + "a"] = a;
    if (branch.first) {
      operands_[n + "first"] = normal.fill(paths_.back().sequences * d * states);
    }
  }
  apply_operands();
}

void GpuCase::add(const std::string& name, Scalar type, std::int64_t rows, std::int64_t columns, bool padded) {
  const std::int64_t padding = padded && shape_.strided ? 5 + static_cast<std::int64_t>(matrices_.size() % 3) : 0;
  matrices_[name] = std::make_unique<GuardedMatrix>(name, type, rows, columns, padding);
}

void GpuCase::add_branch(int index) {
  const std::string n = std::to_string(index) + ".";
  const Scalar io = shape_.io, accum = accumulation(shape_.io);
  const std::int64_t d = shape_.channels, states = shape_.states;
  const std::int64_t sequences = paths_[static_cast<std::size_t>(index)].sequences;
  for (const char* name : {"delta", "y", "d_y", "d_delta"}) {
    add(n + name, io, tokens_, d, true);
  }
  for (const char* name : {"b", "c", "d_b", "d_c"}) {
    add(n + name, io, tokens_, states, true);
  }
  for (const char* name : {"skip", "bias", "d_skip", "d_bias"}) {
    add(n + name, accum, 1, d, false);
  }
  add(n + "a", accum, d, states, false);
  add(n + "d_a", accum, d, states, false);
  add(n + "last", accum, sequences, d * states, false);
  if (shape_.branches[static_cast<std::size_t>(index)].first) {
    add(n + "first", accum, sequences, d * states, false);
    add(n + "d_first", accum, sequences, d * states, false);
  }
}

void GpuCase::apply_operands() {
  for (auto& [name, values] : operands_) {
    at(name).set(values);
    values = at(name).get();  // what the kernels see, rounded
  }
}

Rows GpuCase::rows(Device& device, const std::string& name) {
  return {device.address(&at(name).buffer()), at(name).stride()};
}

void* GpuCase::data(Device& device, const std::string& name) {
  const auto found = matrices_.find(name);
  return device.address(found == matrices_.end() ? nullptr : &found->second->buffer());
}

ScanForward GpuCase::forward_problem(Device& device) {
  ScanForward p{.io = shape_.io, .channels = shape_.channels, .states = shape_.states, .u = rows(device, "u")};
  for (const ScanPath& path : paths_) {
    const std::string n = std::to_string(p.branches) + ".";
    ScanBranchForward& b = p.branch[p.branches];
    b.path = path;
    b.path.order =
        static_cast<const std::int32_t*>(device.address(orders_[static_cast<std::size_t>(p.branches)].get()));
    b.delta = rows(device, n + "delta"), b.b = rows(device, n + "b"), b.c = rows(device, n + "c");
    b.a = data(device, n + "a"), b.skip = data(device, n + "skip"), b.bias = data(device, n + "bias");
    b.first = data(device, n + "first"), b.y = rows(device, n + "y"), b.last = data(device, n + "last");
    ++p.branches;
  }
  return p;
}

ScanBackward GpuCase::backward_problem(Device& device) {
  ScanBackward p{.io = shape_.io, .channels = shape_.channels, .states = shape_.states, .tokens = tokens_};
  p.u = rows(device, "u"), p.d_u = rows(device, "d_u");
  for (const ScanPath& path : paths_) {
    const std::string n = std::to_string(p.branches) + ".";
    ScanBranchBackward& b = p.branch[p.branches];
    b.path = path;
    b.path.order =
        static_cast<const std::int32_t*>(device.address(orders_[static_cast<std::size_t>(p.branches)].get()));
    b.delta = rows(device, n + "delta"), b.b = rows(device, n + "b"), b.c = rows(device, n + "c");
    b.a = data(device, n + "a"), b.skip = data(device, n + "skip"), b.bias = data(device, n + "bias");
    b.first = data(device, n + "first"), b.d_y = rows(device, n + "d_y"), b.d_delta = rows(device, n + "d_delta");
    b.d_b = rows(device, n + "d_b"), b.d_c = rows(device, n + "d_c"), b.d_a = data(device, n + "d_a");
    b.d_skip = data(device, n + "d_skip"), b.d_bias = data(device, n + "d_bias");
    b.d_first = data(device, n + "d_first");
    ++p.branches;
  }
  return p;
}

std::string GpuCase::run(Device& device) {
  if (const char* wrong = device.forward(forward_problem(device))) {
    return wrong;
  }
  const ScanBackward problem = backward_problem(device);
  const std::size_t bytes = gpu_scan_backward_workspace(problem);
  workspace_ = std::make_unique<emulation::GuardedBuffer>("workspace", static_cast<std::int64_t>(bytes));
  if (const char* wrong = device.backward(problem, device.address(workspace_.get()))) {
    return wrong;
  }
  device.download();
  return damage();
}

std::string GpuCase::damage() const {
  for (const auto& [name, matrix] : matrices_) {
    const std::string damage = matrix->buffer().damage();
    if (!damage.empty()) {
      return "a canary was overwritten " + damage;
    }
  }
  return workspace_->damage();
}

Values GpuCase::results() const {
  Values values;
  for (const auto& [name, matrix] : matrices_) {
    if (operands_.count(name) == 0) {
      values[name] = matrix->get();
    }
  }
  return values;
}

}  // namespace stgmamba::kernels::test
