// SPDX-License-Identifier: MIT
// The forward scan of one task: for every sequence, chunk of steps and channel block
//   1. stage: delta = softplus(raw + bias), delta u and y = skip u of every step, from strided rows into the L1 cache,
//   2. scan: K states at a time stay in registers while time runs over the chunk,
//   3. write y. The states between chunks wait in [blocks, N, W].
#pragma once

#include "scan/cpu/rows.hpp"
#include "scan/cpu/task.hpp"

namespace stgmamba::kernels {

template <class V>
struct ForwardScratch {
  using T = typename V::Scalar;
  ForwardScratch() = default;
  ForwardScratch(const ScanPart& part, void* memory) {
    Carver<V> take(memory);
    state = take((part.block_end - part.block_begin) * part.states * V::kLanes);
    delta = take(part.chunk * V::kLanes);
    input = take(part.chunk * V::kLanes);
    y = take(part.chunk * V::kLanes);
    bc = take(part.chunk * 2 * part.states);
    tokens = take.indices(part.chunk);
    bytes = take.bytes();
  }
  T* state;              // [blocks, N, W]
  T *delta, *input, *y;  // [chunk, W]
  T* bc;                 // [chunk, 2N]
  std::int64_t* tokens;  // [chunk]
  std::size_t bytes;
};

/// Runs K states over the steps: h = exp(delta A) h + (delta u) B, y += C h.
template <class V, int K>
void scan_states(const ForwardScratch<V>& s, std::int64_t steps, std::int64_t states, const typename V::Scalar* rates,
                 typename V::Scalar* state, std::int64_t n, const Ahead<V>& ahead) {
  V h[K];
  V rate[K];
  for (int k = 0; k < K; ++k) {
    h[k] = V::load(state + k * V::kLanes);
    rate[k] = V::load(rates + k * V::kLanes);
  }
  const typename V::Scalar* b = s.bc + n;
  const typename V::Scalar* c = b + states;
  for (std::int64_t t = 0; t < steps; ++t) {
    if (n == 0) {
      ahead.read(t);
      ahead.write(t);
    }
    const V delta = V::load(s.delta + t * V::kLanes);
    const V input = V::load(s.input + t * V::kLanes);
    V even = V::load(s.y + t * V::kLanes);
    V odd(typename V::Scalar(0));
    for (int k = 0; k < K; ++k) {
      h[k] = fused(decay_of(delta, rate[k]), h[k], input * V(b[k]));
      V& sum = k % 2 == 0 ? even : odd;
      sum = fused(h[k], V(c[k]), sum);
    }
    (even + odd).store(s.y + t * V::kLanes);
    b += 2 * states;
    c += 2 * states;
  }
  for (int k = 0; k < K; ++k) {
    h[k].store(state + k * V::kLanes);
  }
}

template <class V>
void scan_all_states(const ForwardScratch<V>& s, std::int64_t steps, std::int64_t states,
                     const typename V::Scalar* rates, typename V::Scalar* state, const Ahead<V>& ahead) {
  std::int64_t n = 0;
  for (; n + V::kStates <= states; n += V::kStates) {
    scan_states<V, V::kStates>(s, steps, states, rates + n * V::kLanes, state + n * V::kLanes, n, ahead);
  }
  for (; n < states; ++n) {
    scan_states<V, 1>(s, steps, states, rates + n * V::kLanes, state + n * V::kLanes, n, ahead);
  }
}

template <class V, class Io>
void stage_forward(const ScanPart& part, const ForwardScratch<V>& s, std::int64_t steps, const Block<V>& block) {
  const V bias = V::load(static_cast<const typename V::Scalar*>(part.bias) + block.column);
  const V skip = V::load(static_cast<const typename V::Scalar*>(part.skip) + block.column);
  for (std::int64_t t = 0; t < steps; ++t) {
    prefetch_near<V, Io>(part.u, s.tokens, t, steps, block.column);
    prefetch_near<V, Io>(part.delta, s.tokens, t, steps, block.column);
    const V u = load_lanes<V>(at<const Io>(part.u, s.tokens[t], block.column), block.lanes);
    const V raw = load_lanes<V>(at<const Io>(part.delta, s.tokens[t], block.column), block.lanes);
    const V delta = softplus(raw + bias).value;
    delta.store(s.delta + t * V::kLanes);
    (delta * u).store(s.input + t * V::kLanes);
    (skip * u).store(s.y + t * V::kLanes);
  }
}

template <class V, class Io>
void forward_chunk(const ForwardTask& task, const ForwardScratch<V>& s, std::int64_t sequence, std::int64_t begin) {
  const ScanPart& part = task.part;
  const std::int64_t left = part.path.length - begin;
  const std::int64_t steps = left < part.chunk ? left : part.chunk;
  const std::int64_t block_size = part.states * V::kLanes;
  list_tokens<V>(part.path, sequence, begin, steps, s.tokens);
  stage_bc<V, Io>(part.b, part.c, s.tokens, steps, part.states, s.bc);
  const std::int64_t after =
      (left > steps ? token_at<V>(part.path, sequence, begin + steps)
                    : token_at<V>(part.path, sequence + (sequence + 1 < part.path.sequences ? 1 : 0), 0)) -
      s.tokens[0];
  for (std::int64_t i = part.block_begin; i < part.block_end; ++i) {
    const Block<V> block(i, part.channels);
    const NextBlock next = next_block<V>(i, part.block_begin, part.block_end, after);
    Ahead<V> ahead(s.tokens);
    ahead.template add_read<Io>(part.u, next.token_offset, next.column);
    ahead.template add_read<Io>(part.delta, next.token_offset, next.column);
    ahead.template add_write<Io>(task.y, block.column);
    stage_forward<V, Io>(part, s, steps, block);
    scan_all_states<V>(s, steps, part.states, static_cast<const typename V::Scalar*>(part.rates) + i * block_size,
                       s.state + (i - part.block_begin) * block_size, ahead);
    for (std::int64_t t = 0; t < steps; ++t) {
      store_lanes(V::load(s.y + t * V::kLanes), at<Io>(task.y, s.tokens[t], block.column), block.lanes);
    }
  }
}

template <class V, class Io>
void forward_task(const ForwardTask& task, void* scratch) {
  using T = typename V::Scalar;
  const ScanPart& part = task.part;
  const ForwardScratch<V> s(part, scratch);
  const std::int64_t block_size = part.states * V::kLanes;
  for (std::int64_t q = part.sequence_begin; q < part.sequence_end; ++q) {
    const std::int64_t offset = q * part.channels * part.states;
    for (std::int64_t i = part.block_begin; i < part.block_end; ++i) {
      const T* first = part.first == nullptr ? nullptr : static_cast<const T*>(part.first) + offset;
      load_states<V>(first, Block<V>(i, part.channels), part.states, s.state + (i - part.block_begin) * block_size);
    }
    for (std::int64_t begin = 0; begin < part.path.length; begin += part.chunk) {
      forward_chunk<V, Io>(task, s, q, begin);
    }
    for (std::int64_t i = part.block_begin; i < part.block_end && task.last != nullptr; ++i) {
      store_states<V>(s.state + (i - part.block_begin) * block_size, Block<V>(i, part.channels), part.states,
                      static_cast<T*>(task.last) + offset);
    }
  }
}

}  // namespace stgmamba::kernels
