// SPDX-License-Identifier: MIT
// LayerNorm of every branch, times silu(gate), summed: token by token, with the token's rows in the L1 cache.
#pragma once

#include "block/cpu/silu.hpp"
#include "block/cpu/task.hpp"
#include "scan/cpu/rows.hpp"

namespace stgmamba::kernels {

template <class V>
STG_ROW_MATH typename V::Scalar lane_sum(V x) {
  const V lanes[1] = {x};
  typename V::Scalar sum[1] = {};
  add_lane_sums(lanes, sum);
  return sum[0];
}

/// The first `count` lanes from memory, the others `fill`.
template <class V, class Io>
STG_ROW_MATH V load_lanes_or(const Io* p, int count, V fill) {
  if (count == V::kLanes) {
    return V::load(p);
  }
  typename V::Scalar lanes[V::kLanes];
  fill.store(lanes);
  for (int i = 0; i < count; ++i) {
    lanes[i] = V::widen(p[i]);
  }
  return V::load(lanes);
}

template <class V>
struct Moments {
  typename V::Scalar mean, inverse;  // inverse = 1 / sqrt(variance + epsilon)
};

/// Two passes: the second about the mean, since a sum of squares less the mean's square loses its digits.
template <class V, class Io>
STG_ROW_MATH Moments<V> row_moments(const Io* row, std::int64_t channels, double epsilon) {
  using T = typename V::Scalar;
  V sum(T(0));
  for (std::int64_t c = 0; c < channels; c += V::kLanes) {
    sum = sum + load_lanes<V>(row + c, Block<V>(c / V::kLanes, channels).lanes);
  }
  const T mean = lane_sum(sum) / static_cast<T>(channels);
  const V centre(mean);
  V squares(T(0));
  for (std::int64_t c = 0; c < channels; c += V::kLanes) {
    const V x = load_lanes_or<V>(row + c, Block<V>(c / V::kLanes, channels).lanes, centre) - centre;
    squares = fused(x, x, squares);
  }
  const T variance = lane_sum(squares) / static_cast<T>(channels);
  return {mean, T(1) / static_cast<T>(__builtin_sqrt(variance + static_cast<T>(epsilon)))};
}

template <class V, class Io>
void gated_norm_forward_range(const GatedNormForward& p, Range tokens) {
  using T = typename V::Scalar;
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t) {
    Moments<V> moments[kMaxBranches];
    T* kept = static_cast<T*>(p.moments) + t * p.branches * 2;
    for (int i = 0; i < p.branches; ++i) {
      moments[i] = row_moments<V>(at<const Io>(p.y[i], t, 0), p.channels, p.epsilon);
      kept[2 * i] = moments[i].mean;
      kept[2 * i + 1] = moments[i].inverse;
    }
    for (std::int64_t c = 0; c < p.channels; c += V::kLanes) {
      const Block<V> block(c / V::kLanes, p.channels);
      V gate(T(0));
      V sum(T(0));
      for (int i = 0; i < p.branches; ++i) {
        if (i < p.gates) {
          gate = silu(load_lanes<V>(at<const Io>(p.gate[i], t, c), block.lanes)).value;
        }
        const V y = load_lanes<V>(at<const Io>(p.y[i], t, c), block.lanes);
        const V x = (y - V(moments[i].mean)) * V(moments[i].inverse);
        const V weight = load_lanes<V>(static_cast<const T*>(p.weight[i]) + c, block.lanes);
        const V bias = load_lanes<V>(static_cast<const T*>(p.bias[i]) + c, block.lanes);
        sum = fused(fused(x, weight, bias), gate, sum);
      }
      store_lanes(sum, at<Io>(p.out, t, c), block.lanes);
    }
  }
}

/// First half of a token: dgate, the shares of dweight and dbias, and dx = d(normalised y) of every branch, whose means
/// the second half needs.
template <class V, class Io>
STG_ROW_MATH void norm_backward_gather(const GatedNormBackward& p, std::int64_t t, typename V::Scalar* sums,
                                       typename V::Scalar* dx_rows, std::int64_t row, V* dx_sum, V* dx_x_sum) {
  using T = typename V::Scalar;
  const T* kept = static_cast<const T*>(p.moments) + t * p.branches * 2;
  for (std::int64_t c = 0; c < p.channels; c += V::kLanes) {
    const Block<V> block(c / V::kLanes, p.channels);
    const V d_out = load_lanes<V>(at<const Io>(p.d_out, t, c), block.lanes);
    Silu<V> gate{V(T(0)), V(T(0))};
    V d_silu(T(0));
    for (int i = 0; i < p.branches; ++i) {
      if (i < p.gates) {
        gate = silu(load_lanes<V>(at<const Io>(p.gate[i], t, c), block.lanes));
        d_silu = V(T(0));
      }
      const V y = load_lanes<V>(at<const Io>(p.y[i], t, c), block.lanes);
      const V x = (y - V(kept[2 * i])) * V(kept[2 * i + 1]);
      const V weight = load_lanes<V>(static_cast<const T*>(p.weight[i]) + c, block.lanes);
      const V bias = load_lanes<V>(static_cast<const T*>(p.bias[i]) + c, block.lanes);
      d_silu = fused(d_out, fused(x, weight, bias), d_silu);
      const V d_norm = d_out * gate.value;
      T* d_weight = sums + 2 * i * row + c;
      T* d_bias = d_weight + row;
      fused(d_norm, x, V::load(d_weight)).store(d_weight);
      (d_norm + V::load(d_bias)).store(d_bias);
      const V dx = d_norm * weight;
      dx.store(dx_rows + i * row + c);
      dx_sum[i] = dx_sum[i] + dx;
      dx_x_sum[i] = fused(dx, x, dx_x_sum[i]);
      if (p.gates > 1 || i + 1 == p.branches) {
        store_lanes(d_silu * gate.slope, at<Io>(p.d_gate[p.gates > 1 ? i : 0], t, c), block.lanes);
      }
    }
  }
}

template <class V, class Io>
void gated_norm_backward_range(const GatedNormBackward& p, Range tokens, void* sums_memory, void* scratch) {
  using T = typename V::Scalar;
  const std::int64_t row = (p.channels + V::kLanes - 1) / V::kLanes * V::kLanes;
  auto* sums = static_cast<T*>(sums_memory);  // [branches, 2, row]
  auto* dx_rows = static_cast<T*>(scratch);   // [branches, row]
  for (std::int64_t i = 0; i < 2 * p.branches * row; ++i) {
    sums[i] = T(0);
  }
  const T share = T(1) / static_cast<T>(p.channels);
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t) {
    V dx_sum[kMaxBranches];
    V dx_x_sum[kMaxBranches];
    for (int i = 0; i < p.branches; ++i) {
      dx_sum[i] = dx_x_sum[i] = V(T(0));
    }
    norm_backward_gather<V, Io>(p, t, sums, dx_rows, row, dx_sum, dx_x_sum);
    const T* kept = static_cast<const T*>(p.moments) + t * p.branches * 2;
    for (int i = 0; i < p.branches; ++i) {
      const V mean(kept[2 * i]);
      const V inverse(kept[2 * i + 1]);
      const V dx_mean(lane_sum(dx_sum[i]) * share);
      const V dx_x_mean(lane_sum(dx_x_sum[i]) * share);
      for (std::int64_t c = 0; c < p.channels; c += V::kLanes) {
        const Block<V> block(c / V::kLanes, p.channels);
        const V x = (load_lanes<V>(at<const Io>(p.y[i], t, c), block.lanes) - mean) * inverse;
        const V dx = V::load(dx_rows + i * row + c);
        store_lanes(inverse * (dx - dx_mean - x * dx_x_mean), at<Io>(p.d_y[i], t, c), block.lanes);
      }
    }
  }
}

}  // namespace stgmamba::kernels
