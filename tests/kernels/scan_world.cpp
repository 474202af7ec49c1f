// SPDX-License-Identifier: MIT
#include "kernels/scan_world.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include <fmt/format.h>

#include "scan/cpu/vec_portable.hpp"

namespace stgmamba::kernels::test {
namespace {

constexpr unsigned char kCanary = 0x5A;

std::int64_t size_of(Scalar type) {
  return type == Scalar::kFloat64 ? 8 : type == Scalar::kFloat32 ? 4 : 2;
}
Scalar accumulation_of(Scalar io) {
  return io == Scalar::kFloat64 ? Scalar::kFloat64 : Scalar::kFloat32;
}

ScanPath path_of(const BranchShape& shape, const WorldShape& world, const std::vector<std::int32_t>& order) {
  const std::int64_t f = world.frames;
  const std::int64_t v = world.joints;
  ScanPath path;
  path.reverse = shape.reverse;
  switch (shape.axis) {
    case Axis::kJoints:
      path.sequences = world.batch * f;
      path.length = v;
      path.outer_stride = v;
      break;
    case Axis::kFrames:
      path.sequences = world.batch * v;
      path.length = f;
      path.inner = v;
      path.outer_stride = f * v;
      path.inner_stride = 1;
      path.step = v;
      break;
    case Axis::kNodes:
      path.sequences = world.batch;
      path.length = f * v;
      path.outer_stride = f * v;
      break;
  }
  if (shape.order) {
    path.order = order.data();
    path.period = static_cast<std::int32_t>(v);
  }
  return path;
}

std::int64_t last_channel(std::int64_t i, std::int64_t channels, std::int64_t) {
  return i % channels;
}
std::int64_t state_channel(std::int64_t i, std::int64_t channels, std::int64_t states) {
  return i / states % channels;
}
/// dB and dC: every state is its own channel.
std::int64_t own_state(std::int64_t i, std::int64_t, std::int64_t states) {
  return i % states;
}

}  // namespace

std::string text(const WorldShape& s) {
  std::string out = fmt::format("B{} F{} V{} D{} N{} io{} dy{:g}", s.batch, s.frames, s.joints, s.channels, s.states,
                                static_cast<int>(s.io), s.gradient);
  for (const BranchShape& b : s.branches) {
    out += fmt::format(" {}{}{}{}", "jfn"[static_cast<int>(b.axis)], b.reverse ? "-" : "+", b.order ? "o" : "",
                       b.first ? "h" : "");
  }
  return out;
}

Matrix::Matrix(Scalar type, std::int64_t rows, std::int64_t columns, std::int64_t lead, std::int64_t tail)
    : type_(type), rows_(rows), columns_(columns), lead_(lead), stride_(lead + columns + tail) {
  bytes_.assign(static_cast<std::size_t>(rows * stride_ * size_of(type)), kCanary);
}

double Matrix::get(std::int64_t i) const {
  const unsigned char* p = bytes_.data() + i * size_of(type_);
  const auto read = [p](auto x) {
    std::memcpy(&x, p, sizeof(x));
    return x;
  };
  switch (type_) {
    case Scalar::kFloat64:
      return read(double{});
    case Scalar::kFloat32:
      return static_cast<double>(read(float{}));
    case Scalar::kBFloat16:
      return static_cast<double>(portable::Vec<float>::widen(read(BFloat16{})));
    case Scalar::kFloat16:
      return static_cast<double>(portable::Vec<float>::widen(read(Float16{})));
  }
  return 0;
}

void Matrix::set(std::int64_t i, double x) {
  unsigned char* p = bytes_.data() + i * size_of(type_);
  const auto write = [p](auto value) { std::memcpy(p, &value, sizeof(value)); };
  switch (type_) {
    case Scalar::kFloat64:
      return write(x);
    case Scalar::kFloat32:
      return write(static_cast<float>(x));
    case Scalar::kBFloat16:
      return write(portable::to_bfloat(static_cast<float>(x)));
    case Scalar::kFloat16:
      return write(portable::to_half(static_cast<float>(x)));
  }
}

void Matrix::fill(const std::vector<double>& values) {
  for (std::int64_t i = 0; i < rows_ * columns_; ++i) {
    set(i / columns_ * stride_ + lead_ + i % columns_, values[static_cast<std::size_t>(i)]);
  }
}

std::vector<double> Matrix::values() const {
  std::vector<double> out;
  out.reserve(static_cast<std::size_t>(rows_ * columns_));
  for (std::int64_t i = 0; i < rows_ * columns_; ++i) {
    out.push_back(get(i / columns_ * stride_ + lead_ + i % columns_));
  }
  return out;
}

bool Matrix::padding_is_whole() const {
  const std::int64_t size = size_of(type_);
  for (std::int64_t row = 0; row < rows_; ++row) {
    for (std::int64_t byte = 0; byte < stride_ * size; ++byte) {
      const bool used = byte >= lead_ * size && byte < (lead_ + columns_) * size;
      if (!used && bytes_[static_cast<std::size_t>(row * stride_ * size + byte)] != kCanary) {
        return false;
      }
    }
  }
  return true;
}

Rows Matrix::rows() {
  return {bytes_.data() + lead_ * size_of(type_), stride_};
}

World::World(const WorldShape& shape) : shape_(shape) {
  const Scalar io = shape.io;
  const Scalar wide = accumulation_of(io);
  const std::int64_t d = shape.channels;
  const std::int64_t n = shape.states;
  std::mt19937_64 random(shape.seed);
  std::normal_distribution<double> normal;
  const auto filled = [&](Matrix matrix, std::int64_t count, double scale, double mean = 0.0) {
    std::vector<double> values(static_cast<std::size_t>(count));
    for (double& x : values) {
      x = mean + scale * normal(random);
    }
    matrix.fill(values);
    return matrix;
  };
  u_ = filled(Matrix(io, tokens(), d), tokens() * d, 1.0);
  d_u_ = Matrix(io, tokens(), d);
  branches_.resize(shape.branches.size());
  for (std::size_t i = 0; i < branches_.size(); ++i) {
    Branch& b = branches_[i];
    b.shape = shape.branches[i];
    b.order.resize(static_cast<std::size_t>(shape.joints));
    for (std::size_t v = 0; v < b.order.size(); ++v) {
      b.order[v] = static_cast<std::int32_t>(v);
    }
    std::shuffle(b.order.begin(), b.order.end(), random);
    b.path = path_of(b.shape, shape, b.order);
    b.delta = filled(Matrix(io, tokens(), d, 1, 2), tokens() * d, 1.5, shape.delta);
    b.b = filled(Matrix(io, tokens(), n, 3, n + 1), tokens() * n, 1.0);
    b.c = filled(Matrix(io, tokens(), n, n + 3, 1), tokens() * n, 1.0);
    std::vector<double> a(static_cast<std::size_t>(d * n));
    for (std::size_t k = 0; k < a.size(); ++k) {
      a[k] = -static_cast<double>(static_cast<std::int64_t>(k) % n + 1) * std::exp(0.1 * normal(random));
    }
    b.a = Matrix(wide, d, n);
    b.a.fill(a);
    b.skip = filled(Matrix(wide, 1, d), d, 1.0);
    b.bias = filled(Matrix(wide, 1, d), d, 0.5);
    b.d_y = filled(Matrix(io, tokens(), d, 2, 0), tokens() * d, shape.gradient);
    const std::int64_t state_rows = b.path.sequences * d;
    if (b.shape.first) {
      b.first = filled(Matrix(wide, state_rows, n), state_rows * n, 1.0);
    }
    b.y = Matrix(io, tokens(), d, 1, 1);
    b.last = Matrix(wide, state_rows, n);
    b.d_delta = Matrix(io, tokens(), d, 0, 3);
    b.d_b = Matrix(io, tokens(), n, 2, n + 1);
    b.d_c = Matrix(io, tokens(), n, n + 2, 1);
    b.d_a = Matrix(wide, d, n);
    b.d_skip = Matrix(wide, 1, d);
    b.d_bias = Matrix(wide, 1, d);
    b.d_first = Matrix(wide, state_rows, n);
  }
}

void World::run(const CpuRun& run) {
  ScanForward forward;
  ScanBackward backward;
  forward.io = backward.io = shape_.io;
  forward.channels = backward.channels = shape_.channels;
  forward.states = backward.states = shape_.states;
  forward.u = backward.u = u_.rows();
  forward.branches = backward.branches = static_cast<int>(branches_.size());
  backward.tokens = tokens();
  backward.d_u = d_u_.rows();
  for (std::size_t i = 0; i < branches_.size(); ++i) {
    Branch& b = branches_[i];
    void* first = b.shape.first ? b.first.data() : nullptr;
    forward.branch[i] = {b.path,        b.delta.rows(), b.b.rows(), b.c.rows(), b.a.data(),
                         b.skip.data(), b.bias.data(),  first,      b.y.rows(), b.last.data()};
    backward.branch[i] = {b.path,       b.delta.rows(),   b.b.rows(),      b.c.rows(),
                          b.a.data(),   b.skip.data(),    b.bias.data(),   first,
                          b.d_y.rows(), b.d_delta.rows(), b.d_b.rows(),    b.d_c.rows(),
                          b.d_a.data(), b.d_skip.data(),  b.d_bias.data(), b.d_first.data()};
  }
  scan_forward(forward, run);
  scan_backward(backward, run);
}

Results World::results() const {
  Results out = {{"d_u", d_u_.values(), last_channel, {}}};
  for (const Branch& b : branches_) {
    out.push_back({"y", b.y.values(), last_channel, {}});
    out.push_back({"last", b.last.values(), state_channel, {}});
    out.push_back({"d_delta", b.d_delta.values(), last_channel, {}});
    out.push_back({"d_b", b.d_b.values(), own_state, {}});
    out.push_back({"d_c", b.d_c.values(), own_state, {}});
    out.push_back({"d_a", b.d_a.values(), state_channel, {}});
    out.push_back({"d_skip", b.d_skip.values(), last_channel, {}});
    out.push_back({"d_bias", b.d_bias.values(), last_channel, {}});
    out.push_back({"d_first", b.d_first.values(), state_channel, {}});
  }
  return out;
}

bool World::padding_is_whole() const {
  for (const Branch& b : branches_) {
    for (const Matrix* m : {&b.y, &b.d_delta, &b.d_b, &b.d_c}) {
      if (!m->padding_is_whole()) {
        return false;
      }
    }
  }
  return true;
}

std::vector<unsigned char> World::bits() const {
  std::vector<unsigned char> all = d_u_.bytes();
  for (const Branch& b : branches_) {
    for (const Matrix* m : {&b.y, &b.last, &b.d_delta, &b.d_b, &b.d_c, &b.d_a, &b.d_skip, &b.d_bias, &b.d_first}) {
      all.insert(all.end(), m->bytes().begin(), m->bytes().end());
    }
  }
  return all;
}

Errors compare(const Results& got, const Results& wanted, const WorldShape& shape) {
  const std::int64_t channels = shape.channels;
  const std::int64_t states = shape.states;
  // Below its smallest normal number, half precision has steps instead of digits.
  const double least = shape.io == Scalar::kFloat16 ? 6.2e-5 : 0.0;
  Errors worst;
  for (std::size_t r = 0; r < wanted.size(); ++r) {
    const Named& want = wanted[r];
    double largest = 0;
    double error = 0;
    std::vector<double> own_largest(static_cast<std::size_t>(std::max(channels, states)));
    std::vector<double> own_error(own_largest.size());
    for (std::size_t i = 0; i < want.values.size(); ++i) {
      const double scale = std::max(want.scale[i], least);
      double difference = std::abs(got[r].values[i] - want.values[i]);
      difference = std::isnan(difference) ? HUGE_VAL : difference;
      largest = std::max(largest, scale);
      error = std::max(error, difference);
      const auto c = static_cast<std::size_t>(want.channel_of(static_cast<std::int64_t>(i), channels, states));
      own_largest[c] = std::max(own_largest[c], scale);
      own_error[c] = std::max(own_error[c], difference);
    }
    if (error > worst.whole * largest) {
      worst.whole = error / largest;
      worst.whole_name = want.name;
    }
    for (std::size_t c = 0; c < own_error.size(); ++c) {
      if (own_error[c] > worst.channel * own_largest[c]) {
        worst.channel = own_error[c] / own_largest[c];
        worst.channel_name = want.name;
      }
    }
  }
  return worst;
}

}  // namespace stgmamba::kernels::test
