// SPDX-License-Identifier: MIT
// The scan in double precision, one number after the other, straight from the formulas of problem.hpp; and beside every
// number how large it would be if its terms did not happen to cancel.
#include <algorithm>
#include <cmath>

#include "kernels/scan_world.hpp"

namespace stgmamba::kernels::test {
namespace {

using Values = std::vector<double>;

std::int64_t token_of(const ScanPath& path, std::int64_t sequence, std::int64_t step) {
  std::int64_t k = path.reverse ? path.length - 1 - step : step;
  if (path.order != nullptr) {
    k = k / path.period * path.period + path.order[k % path.period];
  }
  return sequence / path.inner * path.outer_stride + sequence % path.inner * path.inner_stride + k * path.step;
}

std::size_t index(std::int64_t row, std::int64_t columns, std::int64_t column) {
  return static_cast<std::size_t>(row * columns + column);
}

double square(double x) {
  return x * x;
}

/// A number and the sum of the squares of the terms it is made of.
struct Sum {
  double value = 0, squares = 0;
  Sum& operator+=(const Sum& other) {
    value += other.value;
    squares += other.squares;
    return *this;
  }
};
Sum term(double x) {
  return {x, square(x)};
}
Sum operator*(const Sum& a, double factor) {
  return {a.value * factor, a.squares * square(factor)};
}
Sum operator*(const Sum& a, const Sum& b) {
  return {a.value * b.value, a.squares * b.squares};
}
Sum operator+(Sum a, const Sum& b) {
  return a += b;
}

using Sums = std::vector<Sum>;

struct Operands {
  Values u, delta, b, c, a, skip, bias, first, d_y;
};
struct Answer {
  Sums y, last, d_delta, d_b, d_c, d_a, d_skip, d_bias, d_first;
};

/// One channel of one sequence: where its rows are, its delta and the slope of its softplus.
struct Channel {
  std::int64_t d = 0, sequence = 0;
  std::vector<std::int64_t> tokens;
  Values delta, slope;
};

Channel channel_of(const Operands& x, const ScanPath& path, std::int64_t sequence, std::int64_t d,
                   std::int64_t channels) {
  Channel channel{d, sequence};
  for (std::int64_t t = 0; t < path.length; ++t) {
    const std::int64_t token = token_of(path, sequence, t);
    const double s = x.delta[index(token, channels, d)] + x.bias[static_cast<std::size_t>(d)];
    channel.tokens.push_back(token);
    channel.delta.push_back(s > 20 ? s : std::log1p(std::exp(s)));
    channel.slope.push_back(s > 20 ? 1.0 : 1.0 / (1.0 + std::exp(-s)));
  }
  return channel;
}

/// State n of one channel, forward and back; ddelta is gathered in d_delta [L].
void scan_state(const Operands& x, const Channel& at, std::int64_t n, std::int64_t channels, std::int64_t states,
                Sums& d_u, Sums& d_delta, Answer& out) {
  const std::size_t length = at.tokens.size();
  const std::size_t state = index(at.sequence * channels + at.d, states, n);
  const double a = x.a[index(at.d, states, n)];
  Sums before(length);
  Sum h = x.first.empty() ? Sum{} : term(x.first[state]);
  for (std::size_t t = 0; t < length; ++t) {
    const std::size_t row = index(at.tokens[t], channels, at.d);
    const std::size_t column = index(at.tokens[t], states, n);
    before[t] = h;
    h = h * std::exp(at.delta[t] * a) + term(at.delta[t] * x.b[column] * x.u[row]);
    out.y[row] += h * x.c[column];
    out.d_c[column] += h * x.d_y[row];
  }
  out.last[state] = h;
  Sum carry;
  for (std::size_t t = length; t-- > 0;) {
    const std::size_t row = index(at.tokens[t], channels, at.d);
    const std::size_t column = index(at.tokens[t], states, n);
    const Sum lam = term(x.d_y[row] * x.c[column]) + carry;
    carry = lam * std::exp(at.delta[t] * a);
    out.d_b[column] += lam * (at.delta[t] * x.u[row]);
    d_u[row] += lam * (at.delta[t] * x.b[column]);
    d_delta[t] += lam * (x.u[row] * x.b[column]) + carry * before[t] * a;
    out.d_a[index(at.d, states, n)] += carry * before[t] * at.delta[t];
  }
  out.d_first[state] = carry;
}

void scan_channel(const Operands& x, const Channel& at, std::int64_t channels, std::int64_t states, Sums& d_u,
                  Answer& out) {
  const auto d = static_cast<std::size_t>(at.d);
  Sums d_delta(at.tokens.size());
  for (std::int64_t n = 0; n < states; ++n) {
    scan_state(x, at, n, channels, states, d_u, d_delta, out);
  }
  for (std::size_t t = 0; t < at.tokens.size(); ++t) {
    const std::size_t row = index(at.tokens[t], channels, at.d);
    out.y[row] += term(x.skip[d] * x.u[row]);
    d_u[row] += term(x.skip[d] * x.d_y[row]);
    out.d_skip[d] += term(x.u[row] * x.d_y[row]);
    out.d_delta[row] = d_delta[t] * at.slope[t];
    out.d_bias[d] += out.d_delta[row];
  }
}

void split(const Sums& sums, Named& result) {
  for (const Sum& sum : sums) {
    result.values.push_back(sum.value);
    result.scale.push_back(std::max(std::abs(sum.value), std::sqrt(sum.squares)));
  }
}

}  // namespace

Results World::reference() const {
  const auto d = static_cast<std::size_t>(shape_.channels);
  const auto n = static_cast<std::size_t>(shape_.states);
  const auto tokens = static_cast<std::size_t>(this->tokens());
  Results out = results();  // the names
  for (Named& result : out) {
    result.values.clear();
  }
  Sums d_u(tokens * d);
  std::size_t next = 1;
  for (const Branch& b : branches_) {
    const std::size_t s = static_cast<std::size_t>(b.path.sequences) * d * n;
    const Operands x{u_.values(),   b.delta.values(), b.b.values(),    b.c.values(),
                     b.a.values(),  b.skip.values(),  b.bias.values(), b.shape.first ? b.first.values() : Values{},
                     b.d_y.values()};
    Answer answer{Sums(tokens * d), Sums(s), Sums(tokens * d), Sums(tokens * n), Sums(tokens * n),
                  Sums(d * n),      Sums(d), Sums(d),          Sums(s)};
    for (std::int64_t sequence = 0; sequence < b.path.sequences; ++sequence) {
      for (std::int64_t channel = 0; channel < shape_.channels; ++channel) {
        scan_channel(x, channel_of(x, b.path, sequence, channel, shape_.channels), shape_.channels, shape_.states, d_u,
                     answer);
      }
    }
    for (const Sums* sums : {&answer.y, &answer.last, &answer.d_delta, &answer.d_b, &answer.d_c, &answer.d_a,
                             &answer.d_skip, &answer.d_bias, &answer.d_first}) {
      split(*sums, out[next++]);
    }
  }
  split(d_u, out[0]);
  return out;
}

}  // namespace stgmamba::kernels::test
