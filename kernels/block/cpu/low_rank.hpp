// SPDX-License-Identifier: MIT
// A product with a matrix of few columns. A general product packs its operands for reuse that is not there: this one is
// bound by reading or writing [tokens, D] once.
#pragma once

#include "block/cpu/task.hpp"
#include "scan/cpu/rows.hpp"

namespace stgmamba::kernels {

template <class V, class Io>
void low_rank_forward_range(const LowRankForward& p, Range tokens, const void* packed) {
  using T = typename V::Scalar;
  const std::int64_t row = round_up<V>(p.channels);
  const auto* weight = static_cast<const T*>(packed);  // [rank, row]
  const std::int64_t channels = p.channels;
  const std::int64_t rank = p.rank;
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t) {
    const Io* from = at<const Io>(p.x, t, 0);
    Io* to = at<Io>(p.out, t, 0);
    T x[kMaxRank];
    for (std::int64_t r = 0; r < rank; ++r) {
      x[r] = V::widen(from[r]);
    }
    for (std::int64_t c = 0; c < channels; c += V::kLanes) {
      V sum(T(0));
      for (std::int64_t r = 0; r < rank; ++r) {
        sum = fused(V(x[r]), V::load(weight + r * row + c), sum);
      }
      store_lanes(sum, to + c, Block<V>(c / V::kLanes, channels).lanes);
    }
  }
}

/// One token, K ranks from `first` on in registers: their dx, and their share of dweight.
template <class V, class Io, int K>
STG_ROW_MATH void low_rank_backward_ranks(const Io* d_out, const Io* x_row, Io* d_x, std::int64_t channels,
                                          const typename V::Scalar* weight, typename V::Scalar* sums) {
  using T = typename V::Scalar;
  const std::int64_t row = round_up<V>(channels);
  V x[K];
  V dx[K];
  for (int k = 0; k < K; ++k) {
    x[k] = V(V::widen(x_row[k]));
    dx[k] = V(T(0));
  }
  for (std::int64_t c = 0; c < channels; c += V::kLanes) {
    const V d = load_lanes<V>(d_out + c, Block<V>(c / V::kLanes, channels).lanes);
    for (int k = 0; k < K; ++k) {
      dx[k] = fused(d, V::load(weight + k * row + c), dx[k]);
      fused(d, x[k], V::load(sums + k * row + c)).store(sums + k * row + c);
    }
  }
  T total[K] = {};
  add_lane_sums(dx, total);
  for (int k = 0; k < K; ++k) {
    V::narrow(total[k], d_x + k);
  }
}

template <class V, class Io>
void low_rank_backward_range(const LowRankBackward& p, Range tokens, const void* packed, void* sums_memory) {
  using T = typename V::Scalar;
  const std::int64_t channels = p.channels;
  const std::int64_t rank = p.rank;
  const std::int64_t row = round_up<V>(channels);
  const auto* weight = static_cast<const T*>(packed);  // [rank, row]
  auto* sums = static_cast<T*>(sums_memory);           // [rank, row]
  for (std::int64_t i = 0; i < rank * row; ++i) {
    sums[i] = T(0);
  }
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t) {
    const Io* d_out = at<const Io>(p.d_out, t, 0);
    const Io* x = at<const Io>(p.x, t, 0);
    Io* d_x = at<Io>(p.d_x, t, 0);
    std::int64_t r = 0;
    for (; r + 4 <= rank; r += 4) {
      low_rank_backward_ranks<V, Io, 4>(d_out, x + r, d_x + r, channels, weight + r * row, sums + r * row);
    }
    for (; r < rank; ++r) {
      low_rank_backward_ranks<V, Io, 1>(d_out, x + r, d_x + r, channels, weight + r * row, sums + r * row);
    }
  }
}

}  // namespace stgmamba::kernels
