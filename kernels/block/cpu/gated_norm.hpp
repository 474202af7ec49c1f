// SPDX-License-Identifier: MIT
// LayerNorm of every branch, times silu(gate), summed: token by token, with the token's rows in the L1 cache. The
// number of branches K is a template argument, and a token's rows are local pointers: read through the problem they
// would have to be loaded anew after every store.
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

/// One token of a LayerNorm: (y - mean) inverse, 0 in the lanes beyond D.
template <class V, class Io>
STG_ROW_MATH V normalised(const Io* y, int lanes, V mean, V inverse) {
  return (load_lanes_or<V>(y, lanes, mean) - mean) * inverse;
}

template <class V, class Io, int K>
void norm_forward_branches(const GatedNormForward& p, Range tokens) {
  using T = typename V::Scalar;
  const std::int64_t channels = p.channels;
  const int gates = p.gates;
  const T* weight[K];
  const T* bias[K];
  for (int i = 0; i < K; ++i) {
    weight[i] = static_cast<const T*>(p.weight[i]);
    bias[i] = static_cast<const T*>(p.bias[i]);
  }
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t) {
    const Io* y[K];
    const Io* gate_row[K];
    V mean[K];
    V inverse[K];
    T* kept = static_cast<T*>(p.moments) + t * K * 2;
    for (int i = 0; i < K; ++i) {
      y[i] = at<const Io>(p.y[i], t, 0);
      gate_row[i] = at<const Io>(p.gate[i < gates ? i : 0], t, 0);
      const Moments<V> moments = row_moments<V>(y[i], channels, p.epsilon);
      mean[i] = V(kept[2 * i] = moments.mean);
      inverse[i] = V(kept[2 * i + 1] = moments.inverse);
    }
    Io* out = at<Io>(p.out, t, 0);
    for (std::int64_t c = 0; c < channels; c += V::kLanes) {
      const int lanes = Block<V>(c / V::kLanes, channels).lanes;
      V gate(T(0));
      V sum(T(0));
      for (int i = 0; i < K; ++i) {
        if (i < gates) {
          gate = silu(load_lanes<V>(gate_row[i] + c, lanes)).value;
        }
        const V x = normalised<V>(y[i] + c, lanes, mean[i], inverse[i]);
        sum = fused(fused(x, load_lanes<V>(weight[i] + c, lanes), load_lanes<V>(bias[i] + c, lanes)), gate, sum);
      }
      store_lanes(sum, out + c, lanes);
    }
  }
}

/// What the two halves of a token's backward pass share. K branches.
template <class V, class Io, int K>
struct NormToken {
  using T = typename V::Scalar;
  NormToken(const GatedNormBackward& p, std::int64_t t) : channels(p.channels), gates(p.gates) {
    const T* kept = static_cast<const T*>(p.moments) + t * K * 2;
    d_out = at<const Io>(p.d_out, t, 0);
    for (int i = 0; i < K; ++i) {
      const int g = i < gates ? i : 0;
      y[i] = at<const Io>(p.y[i], t, 0);
      gate[i] = at<const Io>(p.gate[g], t, 0);
      d_y[i] = at<Io>(p.d_y[i], t, 0);
      d_gate[i] = at<Io>(p.d_gate[g], t, 0);
      mean[i] = V(kept[2 * i]);
      inverse[i] = V(kept[2 * i + 1]);
      dx_sum[i] = dx_x_sum[i] = V(T(0));
    }
  }
  std::int64_t channels;
  int gates;
  const Io* d_out;
  const Io* y[K];
  const Io* gate[K];
  Io* d_y[K];
  Io* d_gate[K];
  V mean[K], inverse[K];
  V dx_sum[K], dx_x_sum[K];  // over the channels: dx and dx x, where dx = d(normalised y) and x is the normalised y
};

/// The rows that the tokens of a range share.
template <class T, int K>
struct NormRows {
  std::int64_t row;  // D rounded up
  const T *weight[K], *bias[K];
  T* sums;  // [K, 2, row]: dweight and dbias
  T* dx;    // [K, row] of one token
};

/// First half: dgate, the shares of dweight and dbias, and dx with its two sums, which the second half needs.
template <class V, class Io, int K>
STG_ROW_MATH void norm_backward_gather(NormToken<V, Io, K>& token, const NormRows<typename V::Scalar, K>& rows) {
  using T = typename V::Scalar;
  for (std::int64_t c = 0; c < token.channels; c += V::kLanes) {
    const int lanes = Block<V>(c / V::kLanes, token.channels).lanes;
    const V d_out = load_lanes<V>(token.d_out + c, lanes);
    Silu<V> gate{V(T(0)), V(T(0))};
    V d_silu(T(0));
    for (int i = 0; i < K; ++i) {
      if (i < token.gates) {
        gate = silu(load_lanes<V>(token.gate[i] + c, lanes));
        d_silu = V(T(0));
      }
      const V x = normalised<V>(token.y[i] + c, lanes, token.mean[i], token.inverse[i]);
      const V weight = load_lanes<V>(rows.weight[i] + c, lanes);
      d_silu = fused(d_out, fused(x, weight, load_lanes<V>(rows.bias[i] + c, lanes)), d_silu);
      const V d_norm = d_out * gate.value;
      T* d_weight = rows.sums + 2 * i * rows.row + c;
      T* d_bias = d_weight + rows.row;
      fused(d_norm, x, V::load(d_weight)).store(d_weight);
      (d_norm + V::load(d_bias)).store(d_bias);
      const V dx = d_norm * weight;
      dx.store(rows.dx + i * rows.row + c);
      token.dx_sum[i] = token.dx_sum[i] + dx;
      token.dx_x_sum[i] = fused(dx, x, token.dx_x_sum[i]);
      if (token.gates > 1 || i + 1 == K) {
        store_lanes(d_silu * gate.slope, token.d_gate[i] + c, lanes);
      }
    }
  }
}

template <class V, class Io, int K>
void norm_backward_branches(const GatedNormBackward& p, Range tokens, void* sums, void* scratch) {
  using T = typename V::Scalar;
  NormRows<T, K> rows{round_up<V>(p.channels), {}, {}, static_cast<T*>(sums), static_cast<T*>(scratch)};
  for (int i = 0; i < K; ++i) {
    rows.weight[i] = static_cast<const T*>(p.weight[i]);
    rows.bias[i] = static_cast<const T*>(p.bias[i]);
  }
  for (std::int64_t i = 0; i < 2 * K * rows.row; ++i) {
    rows.sums[i] = T(0);
  }
  const T share = T(1) / static_cast<T>(p.channels);
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t) {
    NormToken<V, Io, K> token(p, t);
    norm_backward_gather<V, Io, K>(token, rows);
    for (int i = 0; i < K; ++i) {
      const V dx_mean(lane_sum(token.dx_sum[i]) * share);
      const V dx_x_mean(lane_sum(token.dx_x_sum[i]) * share);
      for (std::int64_t c = 0; c < token.channels; c += V::kLanes) {
        const int lanes = Block<V>(c / V::kLanes, token.channels).lanes;
        const V x = normalised<V>(token.y[i] + c, lanes, token.mean[i], token.inverse[i]);
        const V dx = V::load(rows.dx + i * rows.row + c);
        store_lanes(token.inverse[i] * (dx - dx_mean - x * dx_x_mean), token.d_y[i] + c, lanes);
      }
    }
  }
}

template <class V, class Io>
void gated_norm_forward_range(const GatedNormForward& p, Range tokens) {
  switch (p.branches) {
    case 1:
      return norm_forward_branches<V, Io, 1>(p, tokens);
    case 2:
      return norm_forward_branches<V, Io, 2>(p, tokens);
    case 3:
      return norm_forward_branches<V, Io, 3>(p, tokens);
    default:
      return norm_forward_branches<V, Io, 4>(p, tokens);
  }
}

template <class V, class Io>
void gated_norm_backward_range(const GatedNormBackward& p, Range tokens, void* sums, void* scratch) {
  switch (p.branches) {
    case 1:
      return norm_backward_branches<V, Io, 1>(p, tokens, sums, scratch);
    case 2:
      return norm_backward_branches<V, Io, 2>(p, tokens, sums, scratch);
    case 3:
      return norm_backward_branches<V, Io, 3>(p, tokens, sums, scratch);
    default:
      return norm_backward_branches<V, Io, 4>(p, tokens, sums, scratch);
  }
}

}  // namespace stgmamba::kernels
