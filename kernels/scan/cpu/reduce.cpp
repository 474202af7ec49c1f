// SPDX-License-Identifier: MIT
#include "scan/cpu/reduce.hpp"

#include <algorithm>

#include "scan/cpu/vec_portable.hpp"

namespace stgmamba::kernels {
namespace {

std::size_t bytes_for(const ScanKernels& kernels, std::int64_t count) {
  return static_cast<std::size_t>(count) * kernels.scalar_bytes;
}

}  // namespace

Partials::Partials(const ScanKernels& kernels, const ScanBackward& problem, const Cut& pieces)
    : kernels_(kernels),
      problem_(problem),
      pieces_(pieces),
      row_(pieces.blocks * kernels.lanes),
      per_sequences_(bytes_for(kernels, pieces.sequence_parts * (problem.states + 2) * row_)),
      per_channels_(bytes_for(
          kernels, pieces.channel_parts > 1 ? pieces.channel_parts * problem.tokens * 2 * problem.states : 0)) {}

void Partials::apply(std::int64_t i, BackwardTask& task) const {
  const std::int64_t states = problem_.states;
  char* own = per_sequences_.get() + bytes_for(kernels_, i / pieces_.channel_parts * (states + 2) * row_);
  task.d_rates = own;
  task.d_skip = own + bytes_for(kernels_, states * row_);
  task.d_bias = own + bytes_for(kernels_, (states + 1) * row_);
  if (pieces_.channel_parts > 1) {
    const std::int64_t part = i % pieces_.channel_parts;
    task.d_bc = per_channels_.get() + bytes_for(kernels_, part * problem_.tokens * 2 * states);
  }
}

template <class T>
void Partials::add_channels(const ScanBranchBackward& branch, std::int64_t begin, std::int64_t end) const {
  const std::int64_t states = problem_.states;
  const auto* shares = reinterpret_cast<const T*>(per_sequences_.get());
  for (std::int64_t d = begin; d < end; ++d) {
    for (std::int64_t n = 0; n < states + 2; ++n) {
      const std::int64_t in_block = (d / kernels_.lanes * states + n) * kernels_.lanes + d % kernels_.lanes;
      const T* share = shares + (n < states ? in_block : n * row_ + d);
      T sum = 0;
      for (std::int64_t p = 0; p < pieces_.sequence_parts; ++p) {
        sum += share[p * (states + 2) * row_];
      }
      if (n < states) {
        static_cast<T*>(branch.d_a)[d * states + n] = sum;
      } else {
        static_cast<T*>(n == states ? branch.d_skip : branch.d_bias)[d] = sum;
      }
    }
  }
}

template <class T, class Io>
void Partials::add_tokens(const ScanBranchBackward& branch, std::int64_t begin, std::int64_t end) const {
  const std::int64_t states = problem_.states;
  const auto* shares = reinterpret_cast<const T*>(per_channels_.get());
  for (std::int64_t token = begin; token < end; ++token) {
    for (std::int64_t n = 0; n < 2 * states; ++n) {
      T sum = 0;
      for (std::int64_t p = 0; p < pieces_.channel_parts; ++p) {
        sum += shares[(p * problem_.tokens + token) * 2 * states + n];
      }
      const Rows& rows = n < states ? branch.d_b : branch.d_c;
      Io* to = static_cast<Io*>(rows.data) + token * rows.stride + n % states;
      portable::Vec<T>::narrow(sum, to);
    }
  }
}

void Partials::add_up(const ScanBranchBackward& branch, const CpuRun& run) const {
  const bool wide = kernels_.scalar_bytes == sizeof(double);
  const auto in_ranges = [&run](std::int64_t count, const auto& body) {
    constexpr std::int64_t kRange = 32;
    run_tasks(run, (count + kRange - 1) / kRange, 0,
              [&](std::int64_t i, void*) { body(i * kRange, std::min(count, (i + 1) * kRange)); });
  };
  in_ranges(problem_.channels, [&](std::int64_t begin, std::int64_t end) {
    wide ? add_channels<double>(branch, begin, end) : add_channels<float>(branch, begin, end);
  });
  if (pieces_.channel_parts == 1) {
    return;
  }
  in_ranges(problem_.tokens, [&](std::int64_t begin, std::int64_t end) {
    switch (problem_.io) {
      case Scalar::kFloat32:
        return add_tokens<float, float>(branch, begin, end);
      case Scalar::kFloat64:
        return add_tokens<double, double>(branch, begin, end);
      case Scalar::kBFloat16:
        return add_tokens<float, BFloat16>(branch, begin, end);
      case Scalar::kFloat16:
        return add_tokens<float, Float16>(branch, begin, end);
    }
  });
}

}  // namespace stgmamba::kernels
