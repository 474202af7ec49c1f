// SPDX-License-Identifier: MIT
// The backward scan of one task. For every sequence, chunk (last first) and channel block
//   1. stage: delta, its slope, delta u, u and dy of every step, from strided rows,
//   2. for K states at a time: forward again, keeping a and a h of every step and adding dC; then back in time with
//      lam[t] = dy[t] C[t] + a[t+1] lam[t+1], adding dB, dA and the two sums over n that du and ddelta need,
//   3. write du and ddelta.
// A sequence longer than a chunk first runs forward once to leave the state before every chunk (checkpoints).
#pragma once

#include "scan/cpu/backward_states.hpp"

namespace stgmamba::kernels {

template <class V, class Io>
void stage_backward(const BackwardTask& task, const BackwardScratch<V>& s, std::int64_t steps, const Block<V>& block) {
  const ScanPart& part = task.part;
  const V zero(typename V::Scalar(0));
  const V bias = V::load(static_cast<const typename V::Scalar*>(part.bias) + block.column);
  for (std::int64_t t = 0; t < steps; ++t) {
    prefetch_near<V, Io>(part.u, s.tokens, t, steps, block.column);
    prefetch_near<V, Io>(part.delta, s.tokens, t, steps, block.column);
    prefetch_near<V, Io>(task.d_y, s.tokens, t, steps, block.column);
    const V u = load_lanes<V>(at<const Io>(part.u, s.tokens[t], block.column), block.lanes);
    const V raw = load_lanes<V>(at<const Io>(part.delta, s.tokens[t], block.column), block.lanes);
    const V d_y = load_lanes<V>(at<const Io>(task.d_y, s.tokens[t], block.column), block.lanes);
    const Softplus<V> delta = softplus(raw + bias);
    delta.value.store(s.delta + t * V::kLanes);
    delta.slope.store(s.slope + t * V::kLanes);
    (delta.value * u).store(s.input + t * V::kLanes);
    u.store(s.u + t * V::kLanes);
    d_y.store(s.d_y + t * V::kLanes);
    zero.store(s.sum_b + t * V::kLanes);
    zero.store(s.sum_a + t * V::kLanes);
  }
}

template <class V, class Io>
void write_gradients(const BackwardTask& task, const BackwardScratch<V>& s, std::int64_t steps, const Block<V>& block) {
  using T = typename V::Scalar;
  const V skip = V::load(static_cast<const T*>(task.part.skip) + block.column);
  const V per_rate(static_cast<T>(1.0 / V::kRateScale));  // sum_a holds rates where A belongs
  V d_skip(T(0));
  V d_bias(T(0));
  for (std::int64_t t = 0; t < steps; ++t) {
    const std::int64_t row = t * V::kLanes;
    const V u = V::load(s.u + row);
    const V d_y = V::load(s.d_y + row);
    const V sum_b = V::load(s.sum_b + row);
    const V d_raw = fused(u, sum_b, V::load(s.sum_a + row) * per_rate) * V::load(s.slope + row);
    store_lanes(d_raw, at<Io>(task.d_delta, s.tokens[t], block.column), block.lanes);
    d_bias = d_bias + d_raw;
    d_skip = fused(d_y, u, d_skip);
    V d_u = fused(V::load(s.delta + row), sum_b, skip * d_y);
    if (task.d_u_before.data != nullptr) {
      d_u = load_lanes<V>(at<const T>(task.d_u_before, s.tokens[t], block.column), block.lanes) + d_u;
    }
    if (task.d_u_after.data != nullptr) {
      store_lanes(d_u, at<T>(task.d_u_after, s.tokens[t], block.column), block.lanes);
    } else {
      store_lanes(d_u, at<Io>(task.d_u, s.tokens[t], block.column), block.lanes);
    }
  }
  T* skip_sum = static_cast<T*>(task.d_skip) + block.column;
  T* bias_sum = static_cast<T*>(task.d_bias) + block.column;
  (V::load(skip_sum) + d_skip).store(skip_sum);
  (V::load(bias_sum) + d_bias).store(bias_sum);
}

template <class V, class Io>
void write_d_bc(const BackwardTask& task, const BackwardScratch<V>& s, std::int64_t steps) {
  const std::int64_t states = task.part.states;
  for (std::int64_t t = 0; t < steps; ++t) {
    const typename V::Scalar* from = s.d_bc + t * 2 * states;
    if (task.d_bc != nullptr) {
      typename V::Scalar* to = static_cast<typename V::Scalar*>(task.d_bc) + s.tokens[t] * 2 * states;
      for (std::int64_t n = 0; n < 2 * states; ++n) {
        to[n] = from[n];
      }
      continue;
    }
    Io* d_b = at<Io>(task.d_b, s.tokens[t], 0);
    Io* d_c = at<Io>(task.d_c, s.tokens[t], 0);
    for (std::int64_t n = 0; n < states; ++n) {
      V::narrow(from[n], d_b + n);
      V::narrow(from[states + n], d_c + n);
    }
  }
}

template <class V, class Io>
void backward_chunk(const BackwardTask& task, const BackwardScratch<V>& s, std::int64_t sequence, std::int64_t chunk) {
  using T = typename V::Scalar;
  const ScanPart& part = task.part;
  const std::int64_t begin = chunk * part.chunk;
  const std::int64_t left = part.path.length - begin;
  const std::int64_t steps = left < part.chunk ? left : part.chunk;
  const std::int64_t block_size = part.states * V::kLanes;
  const T* states = s.checkpoints + chunk * (part.block_end - part.block_begin) * block_size;
  list_tokens<V>(part.path, sequence, begin, steps, s.tokens);
  stage_bc<V, Io>(part.b, part.c, s.tokens, steps, part.states, s.bc);
  for (std::int64_t i = 0; i < steps * 2 * part.states; ++i) {
    s.d_bc[i] = T(0);
  }
  const std::int64_t after =
      (chunk > 0 ? token_at<V>(part.path, sequence, begin - part.chunk)
                 : token_at<V>(part.path, sequence + (sequence + 1 < part.path.sequences ? 1 : 0), 0)) -
      s.tokens[0];
  for (std::int64_t i = part.block_begin; i < part.block_end; ++i) {
    const Block<V> block(i, part.channels);
    const std::int64_t own = (i - part.block_begin) * block_size;
    const NextBlock next = next_block<V>(i, part.block_begin, part.block_end, after);
    Ahead<V> ahead(s.tokens);
    ahead.template add_read<Io>(part.u, next.token_offset, next.column);
    ahead.template add_read<Io>(part.delta, next.token_offset, next.column);
    ahead.template add_read<Io>(task.d_y, next.token_offset, next.column);
    ahead.template add_write<Io>(task.d_delta, block.column);
    if (task.d_u_after.data != nullptr) {
      ahead.template add_write<T>(task.d_u_after, block.column);
    } else {
      ahead.template add_write<Io>(task.d_u, block.column);
    }
    stage_backward<V, Io>(task, s, steps, block);
    back_all_states<V>(s, steps, part.states, static_cast<const T*>(part.rates) + i * block_size, states + own,
                       s.carry + own, static_cast<T*>(task.d_rates) + i * block_size, ahead);
    write_gradients<V, Io>(task, s, steps, block);
  }
  write_d_bc<V, Io>(task, s, steps);
}

/// Leaves the state before every chunk in s.checkpoints.
template <class V, class Io>
void leave_checkpoints(const ScanPart& part, const BackwardScratch<V>& s, std::int64_t sequence) {
  using T = typename V::Scalar;
  const std::int64_t block_size = part.states * V::kLanes;
  const std::int64_t all = (part.block_end - part.block_begin) * block_size;
  const std::int64_t offset = sequence * part.channels * part.states;
  const T* first = part.first == nullptr ? nullptr : static_cast<const T*>(part.first) + offset;
  for (std::int64_t i = part.block_begin; i < part.block_end; ++i) {
    load_states<V>(first, Block<V>(i, part.channels), part.states, s.checkpoints + (i - part.block_begin) * block_size);
  }
  const ForwardScratch<V> f = s.for_checkpoints();
  T* state = s.checkpoints;
  for (std::int64_t begin = 0; begin + part.chunk < part.path.length; begin += part.chunk) {
    for (std::int64_t i = 0; i < all; ++i) {
      state[all + i] = state[i];
    }
    state += all;
    list_tokens<V>(part.path, sequence, begin, part.chunk, s.tokens);
    stage_bc<V, Io>(part.b, part.c, s.tokens, part.chunk, part.states, s.bc);
    const std::int64_t after = token_at<V>(part.path, sequence, begin + part.chunk) - s.tokens[0];
    for (std::int64_t i = part.block_begin; i < part.block_end; ++i) {
      const NextBlock next = next_block<V>(i, part.block_begin, part.block_end, after);
      Ahead<V> ahead(s.tokens);
      ahead.template add_read<Io>(part.u, next.token_offset, next.column);
      ahead.template add_read<Io>(part.delta, next.token_offset, next.column);
      stage_forward<V, Io>(part, f, part.chunk, Block<V>(i, part.channels));
      scan_all_states<V>(f, part.chunk, part.states, static_cast<const T*>(part.rates) + i * block_size,
                         state + (i - part.block_begin) * block_size, ahead);
    }
  }
}

template <class V, class Io>
void backward_task(const BackwardTask& task, void* scratch) {
  using T = typename V::Scalar;
  const ScanPart& part = task.part;
  const BackwardScratch<V> s(part, scratch);
  const std::int64_t block_size = part.states * V::kLanes;
  const std::int64_t chunks = (part.path.length + part.chunk - 1) / part.chunk;
  const V zero(T(0));
  for (std::int64_t i = part.block_begin; i < part.block_end; ++i) {
    for (std::int64_t n = 0; n < part.states; ++n) {
      zero.store(static_cast<T*>(task.d_rates) + i * block_size + n * V::kLanes);
    }
    zero.store(static_cast<T*>(task.d_skip) + i * V::kLanes);
    zero.store(static_cast<T*>(task.d_bias) + i * V::kLanes);
  }
  for (std::int64_t q = part.sequence_begin; q < part.sequence_end; ++q) {
    leave_checkpoints<V, Io>(part, s, q);
    for (std::int64_t i = 0; i < (part.block_end - part.block_begin) * block_size; ++i) {
      s.carry[i] = T(0);
    }
    for (std::int64_t chunk = chunks - 1; chunk >= 0; --chunk) {
      backward_chunk<V, Io>(task, s, q, chunk);
    }
    for (std::int64_t i = part.block_begin; i < part.block_end && task.d_first != nullptr; ++i) {
      store_states<V>(s.carry + (i - part.block_begin) * block_size, Block<V>(i, part.channels), part.states,
                      static_cast<T*>(task.d_first) + q * part.channels * part.states);
    }
  }
}

}  // namespace stgmamba::kernels
