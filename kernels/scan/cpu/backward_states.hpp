// SPDX-License-Identifier: MIT
// The inner loops of the backward scan: K states forward and back over the steps of one chunk and channel block.
#pragma once

#include "scan/cpu/forward.hpp"

namespace stgmamba::kernels {

template <class V>
struct BackwardScratch {
  using T = typename V::Scalar;
  BackwardScratch(const ScanPart& part, void* memory) {
    Carver<V> take(memory);
    const std::int64_t blocks = part.block_end - part.block_begin;
    const std::int64_t chunks = (part.path.length + part.chunk - 1) / part.chunk;
    const std::int64_t rows = part.chunk * V::kLanes;
    checkpoints = take(chunks * blocks * part.states * V::kLanes);
    carry = take(blocks * part.states * V::kLanes);
    delta = take(rows);
    input = take(rows);
    y = take(rows);
    slope = take(rows);
    u = take(rows);
    d_y = take(rows);
    sum_b = take(rows);
    sum_a = take(rows);
    bc = take(part.chunk * 2 * part.states);
    d_bc = take(part.chunk * 2 * part.states);
    kept = take(rows * 2 * V::kStates);
    tokens = take.indices(part.chunk);
    bytes = take.bytes();
  }
  /// The same arrays as a forward pass names them.
  ForwardScratch<V> for_checkpoints() const {
    ForwardScratch<V> f;
    f.delta = delta;
    f.input = input;
    f.y = y;
    f.bc = bc;
    f.tokens = tokens;
    return f;
  }
  T* checkpoints;        // [chunks, blocks, N, W]: h before the chunk
  T* carry;              // [blocks, N, W]: a lam of the step after
  T *delta, *input, *y;  // [chunk, W]
  T *slope, *u, *d_y;    // [chunk, W]
  T *sum_b, *sum_a;      // [chunk, W]: sum over n of lam B and of lam a h rate
  T *bc, *d_bc;          // [chunk, 2N]
  T* kept;               // [chunk, K, 2, W]: a and a h
  std::int64_t* tokens;  // [chunk]
  std::size_t bytes;
};

/// Forward over the steps, keeping a and a h, adding dC = sum over channels of dy h.
template <class V, int K>
void keep_states(const BackwardScratch<V>& s, std::int64_t steps, std::int64_t states, const typename V::Scalar* rates,
                 const typename V::Scalar* state, std::int64_t n, const Ahead<V>& ahead) {
  V h[K];
  V rate[K];
  for (int k = 0; k < K; ++k) {
    h[k] = V::load(state + k * V::kLanes);
    rate[k] = V::load(rates + k * V::kLanes);
  }
  const typename V::Scalar* b = s.bc + n;
  typename V::Scalar* d_c = s.d_bc + states + n;
  typename V::Scalar* kept = s.kept;
  for (std::int64_t t = 0; t < steps; ++t) {
    if (n == 0) {
      ahead.read(t);
    }
    const V delta = V::load(s.delta + t * V::kLanes);
    const V input = V::load(s.input + t * V::kLanes);
    const V d_y = V::load(s.d_y + t * V::kLanes);
    V product[K];
    for (int k = 0; k < K; ++k) {
      const V decay = decay_of(delta, rate[k]);
      const V decayed = decay * h[k];
      decay.store(kept);
      decayed.store(kept + V::kLanes);
      kept += 2 * V::kLanes;
      h[k] = fused(input, V(b[k]), decayed);
      product[k] = d_y * h[k];
    }
    add_lane_sums(product, d_c);
    b += 2 * states;
    d_c += 2 * states;
  }
}

/// Back in time over what keep_states left; d_rates += lam a h delta.
template <class V, int K>
void sweep_back(const BackwardScratch<V>& s, std::int64_t steps, std::int64_t states, const typename V::Scalar* rates,
                typename V::Scalar* carries, typename V::Scalar* d_rates, std::int64_t n, const Ahead<V>& ahead) {
  V carry[K];
  V d_rate[K];
  for (int k = 0; k < K; ++k) {
    carry[k] = V::load(carries + k * V::kLanes);
    d_rate[k] = V(typename V::Scalar(0));  // a sum a chunk, so that long sequences do not pile up rounding
  }
  for (std::int64_t t = steps - 1; t >= 0; --t) {
    if (n == 0) {
      ahead.write(t);
    }
    const typename V::Scalar* b = s.bc + t * 2 * states + n;
    const typename V::Scalar* kept = s.kept + t * K * 2 * V::kLanes;
    const V delta = V::load(s.delta + t * V::kLanes);
    const V input = V::load(s.input + t * V::kLanes);
    const V d_y = V::load(s.d_y + t * V::kLanes);
    V sum_b = V::load(s.sum_b + t * V::kLanes);
    V sum_a = V::load(s.sum_a + t * V::kLanes);
    V product[K];
    for (int k = 0; k < K; ++k) {
      const V lam = fused(d_y, V(b[states + k]), carry[k]);
      product[k] = lam * input;
      sum_b = fused(lam, V(b[k]), sum_b);
      carry[k] = lam * V::load(kept + k * 2 * V::kLanes);
      const V flow = lam * V::load(kept + (k * 2 + 1) * V::kLanes);
      sum_a = fused(flow, V::load(rates + k * V::kLanes), sum_a);
      d_rate[k] = fused(flow, delta, d_rate[k]);
    }
    sum_b.store(s.sum_b + t * V::kLanes);
    sum_a.store(s.sum_a + t * V::kLanes);
    add_lane_sums(product, s.d_bc + t * 2 * states + n);
  }
  for (int k = 0; k < K; ++k) {
    carry[k].store(carries + k * V::kLanes);
    (V::load(d_rates + k * V::kLanes) + d_rate[k]).store(d_rates + k * V::kLanes);
  }
}

template <class V>
void back_all_states(const BackwardScratch<V>& s, std::int64_t steps, std::int64_t states,
                     const typename V::Scalar* rates, const typename V::Scalar* state, typename V::Scalar* carry,
                     typename V::Scalar* d_rates, const Ahead<V>& ahead) {
  std::int64_t n = 0;
  for (; n + V::kStates <= states; n += V::kStates) {
    const std::int64_t at = n * V::kLanes;
    keep_states<V, V::kStates>(s, steps, states, rates + at, state + at, n, ahead);
    sweep_back<V, V::kStates>(s, steps, states, rates + at, carry + at, d_rates + at, n, ahead);
  }
  for (; n < states; ++n) {
    const std::int64_t at = n * V::kLanes;
    keep_states<V, 1>(s, steps, states, rates + at, state + at, n, ahead);
    sweep_back<V, 1>(s, steps, states, rates + at, carry + at, d_rates + at, n, ahead);
  }
}

}  // namespace stgmamba::kernels
