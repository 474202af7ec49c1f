// SPDX-License-Identifier: MIT
// The depthwise graph convolution along the skeleton's edges, with silu: about three edges a joint, where the dense
// adjacency would multiply with eighteen. One channel block after the other, so that its weights stay in the L1 cache
// while the frames of the range pass.
#pragma once

#include "block/cpu/silu.hpp"
#include "block/cpu/task.hpp"
#include "scan/cpu/rows.hpp"

namespace stgmamba::kernels {

/// rows[j] = the channel block of joint j of one frame: [V, W].
template <class V, class Io>
STG_ROW_MATH void load_frame(const Rows& from, std::int64_t frame, std::int64_t joints, const Block<V>& block,
                             typename V::Scalar* rows) {
  for (std::int64_t j = 0; j < joints; ++j) {
    load_lanes<V>(at<const Io>(from, frame * joints + j, block.column), block.lanes).store(rows + j * V::kLanes);
  }
}

template <class V, class Io>
void graph_mix_forward_range(const GraphMixForward& p, Range frames, void* scratch) {
  using T = typename V::Scalar;
  const std::int64_t joints = p.edges.joints;
  auto* u = static_cast<T*>(scratch);  // [V, W]
  auto* mix = u + joints * V::kLanes;  // [E, W]
  const auto* weights = static_cast<const T*>(p.mix);
  for (std::int64_t c = 0; c < p.channels; c += V::kLanes) {
    const Block<V> block(c / V::kLanes, p.channels);
    for (std::int64_t e = 0; e < p.edges.count; ++e) {
      load_lanes<V>(weights + e * p.channels + c, block.lanes).store(mix + e * V::kLanes);
    }
    const V bias = load_lanes<V>(static_cast<const T*>(p.bias) + c, block.lanes);
    for (std::int64_t f = frames.begin; f < frames.end; ++f) {
      load_frame<V, Io>(p.u, f, joints, block, u);
      std::int64_t e = 0;
      for (std::int64_t r = 0; r < joints; ++r) {
        V sum = bias;
        for (; e < p.edges.count && p.edges.receiver[e] == r; ++e) {
          sum = fused(V::load(mix + e * V::kLanes), V::load(u + p.edges.source[e] * V::kLanes), sum);
        }
        store_lanes(silu(sum).value, at<Io>(p.out, f * joints + r, c), block.lanes);
      }
    }
  }
}

template <class V, class Io>
void graph_mix_backward_range(const GraphMixBackward& p, Range frames, void* sums_memory, void* scratch) {
  using T = typename V::Scalar;
  constexpr int kW = V::kLanes;
  const std::int64_t joints = p.edges.joints;
  const std::int64_t row = round_up<V>(p.channels);
  auto* sums = static_cast<T*>(sums_memory);  // [E + 1, row]
  auto* u = static_cast<T*>(scratch);         // [V, W]
  auto* d_u = u + joints * kW;                // [V, W]
  auto* mix = d_u + joints * kW;              // [E, W]
  auto* d_mix = mix + p.edges.count * kW;     // [E, W]
  const auto* weights = static_cast<const T*>(p.mix);
  for (std::int64_t c = 0; c < p.channels; c += kW) {
    const Block<V> block(c / kW, p.channels);
    for (std::int64_t e = 0; e < p.edges.count; ++e) {
      load_lanes<V>(weights + e * p.channels + c, block.lanes).store(mix + e * kW);
      V(T(0)).store(d_mix + e * kW);
    }
    const V bias = load_lanes<V>(static_cast<const T*>(p.bias) + c, block.lanes);
    V d_bias(T(0));
    for (std::int64_t f = frames.begin; f < frames.end; ++f) {
      load_frame<V, Io>(p.u, f, joints, block, u);
      for (std::int64_t j = 0; j < joints; ++j) {
        V(T(0)).store(d_u + j * kW);
      }
      std::int64_t begin = 0;  // edges of this receiver
      for (std::int64_t r = 0; r < joints; ++r) {
        V sum = bias;  // before silu: cheaper made again than read
        std::int64_t end = begin;
        for (; end < p.edges.count && p.edges.receiver[end] == r; ++end) {
          sum = fused(V::load(mix + end * kW), V::load(u + p.edges.source[end] * kW), sum);
        }
        const V d = load_lanes<V>(at<const Io>(p.d_out, f * joints + r, c), block.lanes) * silu(sum).slope;
        d_bias = d_bias + d;
        for (std::int64_t e = begin; e < end; ++e) {
          const std::int64_t s = p.edges.source[e];
          fused(V::load(mix + e * kW), d, V::load(d_u + s * kW)).store(d_u + s * kW);
          fused(V::load(u + s * kW), d, V::load(d_mix + e * kW)).store(d_mix + e * kW);
        }
        begin = end;
      }
      for (std::int64_t j = 0; j < joints; ++j) {
        store_lanes(V::load(d_u + j * kW), at<Io>(p.d_u, f * joints + j, c), block.lanes);
      }
    }
    for (std::int64_t e = 0; e < p.edges.count; ++e) {
      V::load(d_mix + e * kW).store(sums + e * row + c);
    }
    d_bias.store(sums + p.edges.count * row + c);
  }
}

}  // namespace stgmamba::kernels
