// SPDX-License-Identifier: MIT
// The formulas of problem.hpp as plain loops in double, and the comparison with a device's answers.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "kernels/gpu_case.hpp"

namespace stgmamba::kernels::test {
namespace {

std::int64_t token_of(const ScanPath& p, std::int64_t s, std::int64_t t) {
  const std::int64_t base = s / p.inner * p.outer_stride + s % p.inner * p.inner_stride;
  const std::int64_t k = p.reverse ? p.length - 1 - t : t;
  return p.order == nullptr ? base + k * p.step : base + (k / p.period * p.period + p.order[k % p.period]) * p.step;
}

/// One branch; every pointer into the maps, so that the loops below read like the formulas.
struct Branch {
  const ScanPath& path;
  std::int64_t channels, states;
  const double *u, *delta, *b, *c, *a, *skip, *bias, *first, *d_y;
  double *y, *last, *d_u, *d_delta, *d_b, *d_c, *d_a, *d_skip, *d_bias, *d_first;
  bool magnitudes;  // operands are magnitudes already: the factor A of d_delta as one too
};

double softplus(double s) {
  return s > 20 ? s : std::log1p(std::exp(s));
}
double slope(double s) {
  return s > 20 ? 1.0 : 1.0 / (1.0 + std::exp(-s));
}

/// Forward and backward of one sequence and channel; h is [L + 1, N], before every step and after the last.
void run_row(Branch& r, std::int64_t s, std::int64_t d, std::vector<double>& h, std::vector<double>& carry) {
  const std::int64_t n_states = r.states, length = r.path.length;
  const std::int64_t row = (s * r.channels + d) * n_states;
  for (std::int64_t n = 0; n < n_states; ++n) {
    h[static_cast<std::size_t>(n)] = r.first != nullptr ? r.first[row + n] : 0.0;
    carry[static_cast<std::size_t>(n)] = 0.0;
  }
  for (std::int64_t t = 0; t < length; ++t) {
    const std::int64_t token = token_of(r.path, s, t), i = token * r.channels + d;
    const double delta = softplus(r.delta[i] + r.bias[d]);
    double y = r.skip[d] * r.u[i];
    for (std::int64_t n = 0; n < n_states; ++n) {
      double* state = &h[static_cast<std::size_t>(t * n_states + n)];
      state[n_states] = std::exp(delta * r.a[d * n_states + n]) * state[0] + delta * r.b[token * n_states + n] * r.u[i];
      y += r.c[token * n_states + n] * state[n_states];
    }
    r.y[i] = y;
  }
  std::copy_n(&h[static_cast<std::size_t>(length * n_states)], n_states, r.last + row);
  for (std::int64_t t = length - 1; t >= 0; --t) {
    const std::int64_t token = token_of(r.path, s, t), i = token * r.channels + d;
    const double raw = r.delta[i] + r.bias[d], delta = softplus(raw), g = r.d_y[i], u = r.u[i];
    double d_delta = 0.0;
    r.d_u[i] += r.skip[d] * g;
    for (std::int64_t n = 0; n < n_states; ++n) {
      const double a = r.a[d * n_states + n], b = r.b[token * n_states + n];
      const double decay = std::exp(delta * a);
      const double before = h[static_cast<std::size_t>(t * n_states + n)];
      const double after = h[static_cast<std::size_t>((t + 1) * n_states + n)];
      double& c = carry[static_cast<std::size_t>(n)];
      const double lambda = g * r.c[token * n_states + n] + c;
      r.d_c[token * n_states + n] += g * after;
      r.d_b[token * n_states + n] += lambda * delta * u;
      r.d_u[i] += delta * lambda * b;
      d_delta += u * lambda * b + lambda * (r.magnitudes ? -a : a) * decay * before;
      r.d_a[d * n_states + n] += lambda * delta * decay * before;
      c = decay * lambda;
    }
    r.d_delta[i] = d_delta * slope(raw);
    r.d_bias[d] += d_delta * slope(raw);
    r.d_skip[d] += g * u;
  }
  if (r.d_first != nullptr) {
    std::copy_n(carry.begin(), n_states, r.d_first + row);
  }
}

/// The channel of element i of the result called `name`.
std::int64_t channel_of(const std::string& name, std::int64_t i, const GpuShape& s) {
  const std::string kind = name.substr(name.find('.') + 1);
  if (kind == "d_b" || kind == "d_c") {
    return i % s.states;
  }
  if (kind == "d_a" || kind == "last" || kind == "d_first") {
    return i / s.states % s.channels;
  }
  return i % s.channels;
}

struct Bound {
  double whole, channel;  // of the largest value, and of the channel's own
  double terms;           // of the sum of the magnitudes of the terms, for sums that cancelled
  double rounding;        // of the value itself, for storage in 16 bits
};

Bound bound_for(Scalar io, bool stored_in_io) {
  if (io == Scalar::kFloat64) {
    return {1e-12, 1e-11, 0x1p-48, 0.0};
  }
  const double rounding = !stored_in_io || io == Scalar::kFloat32 ? 0.0 : io == Scalar::kBFloat16 ? 0x1p-8 : 0x1p-11;
  return {2e-6, 2e-5, 0x1p-20, rounding};
}

/// Largest magnitude of every channel.
std::vector<double> channel_sizes(const std::string& name, const GpuShape& shape, const std::vector<double>& values) {
  std::vector<double> largest(static_cast<std::size_t>(std::max(shape.channels, shape.states)), 0.0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    double& mine = largest[static_cast<std::size_t>(channel_of(name, static_cast<std::int64_t>(i), shape))];
    mine = std::max(mine, std::fabs(values[i]));
  }
  return largest;
}

/// The first element of a result out of its bounds, as a sentence. The bound against the channel's largest value says
/// nothing fair about an element whose terms cancelled while its neighbours' did not: with `terms`, the sums over the
/// magnitudes of the terms, such an element passes within 2^-20 of its own. That is what the approximate exponentials
/// (2^-22 each) and a sum in float are good for.
std::string compare(const std::string& name, const GpuShape& shape, const std::vector<double>& got,
                    const std::vector<double>& want, const std::vector<double>* terms) {
  const std::string kind = name.substr(name.find('.') + 1);
  const bool accum = kind == "d_a" || kind == "d_skip" || kind == "d_bias" || kind == "last" || kind == "d_first";
  const Bound bound = bound_for(shape.io, !accum);
  const std::vector<double> own = channel_sizes(name, shape, want);
  double whole = 0.0;
  for (const double x : want) {
    whole = std::max(whole, std::fabs(x));
  }
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double error = std::fabs(got[i] - want[i]);
    const double mine = own[static_cast<std::size_t>(channel_of(name, static_cast<std::int64_t>(i), shape))];
    const double extra = bound.rounding * std::fabs(want[i]) + (bound.rounding > 0 ? 6e-8 : 0.0);
    const double beside = terms == nullptr ? 0.0 : bound.terms * (*terms)[i];
    if (!(error <= bound.whole * whole + extra) || !(error <= std::max(bound.channel * mine, beside) + extra)) {
      return fmt::format("{}[{}] = {:.9g}, must be {:.9g}; error {:.2e}, largest value {:.3g}, of the channel {:.3g}\n",
                         name, i, got[i], want[i], error, whole, mine);
    }
  }
  return {};
}

}  // namespace

Values reference(GpuCase& scan, bool magnitudes) {
  const GpuShape& shape = scan.shape();
  Values in = scan.operands();
  if (magnitudes) {
    for (auto& [name, values] : in) {
      const std::string kind = name.substr(name.find('.') + 1);
      if (kind != "a" && kind != "delta" && kind != "bias") {
        std::for_each(values.begin(), values.end(), [](double& x) { x = std::fabs(x); });
      }
    }
  }
  Values out;
  const std::int64_t d = shape.channels, n = shape.states;
  const auto zeros = [&out](const std::string& name, std::int64_t size) {
    return out.emplace(name, std::vector<double>(static_cast<std::size_t>(size), 0.0)).first->second.data();
  };
  const std::int64_t tokens = shape.batch * shape.frames * shape.joints;
  double* d_u = zeros("d_u", tokens * d);
  for (std::size_t i = 0; i < shape.branches.size(); ++i) {
    const std::string b = std::to_string(i) + ".";
    const ScanPath& path = scan.paths()[i];
    const bool first = shape.branches[i].first;
    const auto operand = [&](const char* name) { return in.at(b + name).data(); };
    Branch branch{.path = path,
                  .channels = d,
                  .states = n,
                  .u = in.at("u").data(),
                  .delta = operand("delta"),
                  .b = operand("b"),
                  .c = operand("c"),
                  .a = operand("a"),
                  .skip = operand("skip"),
                  .bias = operand("bias"),
                  .first = first ? operand("first") : nullptr,
                  .d_y = operand("d_y"),
                  .y = zeros(b + "y", tokens * d),
                  .last = zeros(b + "last", path.sequences * d * n),
                  .d_u = d_u,
                  .d_delta = zeros(b + "d_delta", tokens * d),
                  .d_b = zeros(b + "d_b", tokens * n),
                  .d_c = zeros(b + "d_c", tokens * n),
                  .d_a = zeros(b + "d_a", d * n),
                  .d_skip = zeros(b + "d_skip", d),
                  .d_bias = zeros(b + "d_bias", d),
                  .d_first = first ? zeros(b + "d_first", path.sequences * d * n) : nullptr,
                  .magnitudes = magnitudes};
    std::vector<double> h(static_cast<std::size_t>((path.length + 1) * n)), carry(static_cast<std::size_t>(n));
    for (std::int64_t s = 0; s < path.sequences; ++s) {
      for (std::int64_t channel = 0; channel < d; ++channel) {
        run_row(branch, s, channel, h, carry);
      }
    }
  }
  return out;
}

std::string check(GpuCase& scan) {
  const Values wanted = reference(scan, false);
  Values terms;
  std::string failures;
  for (const auto& [name, got] : scan.results()) {
    std::string failure = compare(name, scan.shape(), got, wanted.at(name), nullptr);
    if (!failure.empty()) {  // rarely: only then are the terms worth their time
      if (terms.empty()) {
        terms = reference(scan, true);
      }
      failure = compare(name, scan.shape(), got, wanted.at(name), &terms.at(name));
    }
    failures += failure;
  }
  return failures.empty() ? failures : text(scan.shape()) + ":\n" + failures;
}

}  // namespace stgmamba::kernels::test
