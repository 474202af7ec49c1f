// SPDX-License-Identifier: MIT
// Moving W channels of a token between its tensor and a register, and which token comes when.
#pragma once

#include <cstddef>
#include <cstdint>

#include "scan/problem.hpp"
#include "scan/row_math.hpp"

namespace stgmamba::kernels {

/// Cuts scratch memory into arrays that start on cache lines; without memory it only adds up the bytes.
template <class V>
class Carver {
 public:
  using T = typename V::Scalar;
  explicit Carver(void* memory) : memory_(static_cast<char*>(memory)) {}
  T* operator()(std::int64_t count) { return static_cast<T*>(cut(static_cast<std::size_t>(count) * sizeof(T))); }
  std::int64_t* indices(std::int64_t count) {
    return static_cast<std::int64_t*>(cut(static_cast<std::size_t>(count) * sizeof(std::int64_t)));
  }
  std::size_t bytes() const { return used_; }

 private:
  void* cut(std::size_t bytes) {
    char* taken = memory_ == nullptr ? nullptr : memory_ + used_;
    used_ += (bytes + 63) / 64 * 64;
    return taken;
  }
  char* memory_;
  std::size_t used_ = 0;
};

/// The token that `sequence` visits at `step`.
template <class V>
STG_ROW_MATH std::int64_t token_at(const ScanPath& path, std::int64_t sequence, std::int64_t step) {
  std::int64_t k = path.reverse ? path.length - 1 - step : step;
  if (path.order != nullptr) {
    k = k / path.period * path.period + path.order[k % path.period];
  }
  return sequence / path.inner * path.outer_stride + sequence % path.inner * path.inner_stride + k * path.step;
}
template <class V>
void list_tokens(const ScanPath& path, std::int64_t sequence, std::int64_t begin, std::int64_t steps,
                 std::int64_t* tokens) {
  for (std::int64_t i = 0; i < steps; ++i) {
    tokens[i] = token_at<V>(path, sequence, begin + i);
  }
}

template <class Io>
STG_ROW_MATH Io* at(const Rows& rows, std::int64_t token, std::int64_t column) {
  return static_cast<Io*>(rows.data) + token * rows.stride + column;
}

/// The first `count` lanes from memory, the others 0.
template <class V, class Io>
STG_ROW_MATH V load_lanes(const Io* p, int count) {
  if (count == V::kLanes) {
    return V::load(p);
  }
  Io lanes[V::kLanes] = {};
  for (int i = 0; i < count; ++i) {
    lanes[i] = p[i];
  }
  return V::load(lanes);
}

template <class V, class Io>
STG_ROW_MATH void store_lanes(V x, Io* p, int count) {
  if (count == V::kLanes) {
    x.store(p);
    return;
  }
  Io lanes[V::kLanes];
  x.store(lanes);
  for (int i = 0; i < count; ++i) {
    p[i] = lanes[i];
  }
}

/// The channels [block W, ...) of one token after the other, for a block that may be cut short by D.
template <class V>
struct Block {
  STG_ROW_MATH Block(std::int64_t block, std::int64_t channels) : column(block * V::kLanes) {
    const std::int64_t left = channels - column;
    lanes = left < V::kLanes ? static_cast<int>(left) : V::kLanes;
  }
  std::int64_t column;
  int lanes;
};

/// Channels rounded up to whole blocks.
template <class V>
STG_ROW_MATH std::int64_t round_up(std::int64_t channels) {
  return (channels + V::kLanes - 1) / V::kLanes * V::kLanes;
}

/// Rows to ask for while the arithmetic runs: those the next block reads, and those this block writes at its end. On
/// the frame axis every step lies on another page, where the hardware prefetcher does not follow; and asked for one by
/// one over the whole scan, they never fill the queue of outstanding misses.
template <class V>
class Ahead {
 public:
  explicit Ahead(const std::int64_t* tokens) : tokens_(tokens) {}
  template <class Io>
  STG_ROW_MATH void add_read(const Rows& rows, std::int64_t token_offset, std::int64_t column) {
    reads_[read_count_++] = {reinterpret_cast<const char*>(at<const Io>(rows, token_offset, column)),
                             rows.stride * static_cast<std::int64_t>(sizeof(Io))};
  }
  template <class Io>
  STG_ROW_MATH void add_write(const Rows& rows, std::int64_t column) {
    writes_[write_count_++] = {reinterpret_cast<const char*>(at<const Io>(rows, 0, column)),
                               rows.stride * static_cast<std::int64_t>(sizeof(Io))};
  }
  STG_ROW_MATH void read(std::int64_t step) const {
    for (int i = 0; i < read_count_; ++i) {
      __builtin_prefetch(reads_[i].base + tokens_[step] * reads_[i].stride, 0, 3);
    }
  }
  STG_ROW_MATH void write(std::int64_t step) const {
    for (int i = 0; i < write_count_; ++i) {
      __builtin_prefetch(writes_[i].base + tokens_[step] * writes_[i].stride, 1, 2);
    }
  }

 private:
  struct Stream {
    const char* base;
    std::int64_t stride;  // bytes from token to token
  };
  const std::int64_t* tokens_;
  Stream reads_[3] = {};
  Stream writes_[2] = {};
  int read_count_ = 0, write_count_ = 0;
};

/// Asks again, a few steps before the row is used: on the frame axis the rows of a block share few sets of the L1
/// cache.
template <class V, class Io>
STG_ROW_MATH void prefetch_near(const Rows& rows, const std::int64_t* tokens, std::int64_t step, std::int64_t steps,
                                std::int64_t column) {
  constexpr std::int64_t kNear = 8;
  const std::int64_t near = step + kNear < steps ? step + kNear : steps - 1;
  __builtin_prefetch(at<const Io>(rows, tokens[near], column), 0, 3);
}

/// Where the block after `block` lies: the next channels of the same tokens, else the first ones `token_offset`
/// further.
struct NextBlock {
  std::int64_t token_offset = 0, column = 0;
};
template <class V>
STG_ROW_MATH NextBlock next_block(std::int64_t block, std::int64_t begin, std::int64_t end, std::int64_t token_offset) {
  return block + 1 < end ? NextBlock{0, (block + 1) * V::kLanes} : NextBlock{token_offset, begin * V::kLanes};
}

/// bc[t] = (B, C) of every step, side by side: [steps, 2N].
template <class V, class Io>
void stage_bc(const Rows& b, const Rows& c, const std::int64_t* tokens, std::int64_t steps, std::int64_t states,
              typename V::Scalar* bc) {
  for (std::int64_t t = 0; t < steps; ++t) {
    const Io* from_b = at<const Io>(b, tokens[t], 0);
    const Io* from_c = at<const Io>(c, tokens[t], 0);
    for (std::int64_t n = 0; n < states; ++n) {
      bc[n] = V::widen(from_b[n]);
      bc[states + n] = V::widen(from_c[n]);
    }
    bc += 2 * states;
  }
}

/// [D, N] of one sequence (nullptr: zero) <-> [N, W] of one block.
template <class V>
void load_states(const typename V::Scalar* from, const Block<V>& block, std::int64_t states, typename V::Scalar* to) {
  const V zero(typename V::Scalar(0));
  for (std::int64_t n = 0; n < states; ++n) {
    zero.store(to + n * V::kLanes);
  }
  for (int lane = 0; lane < block.lanes && from != nullptr; ++lane) {
    for (std::int64_t n = 0; n < states; ++n) {
      to[n * V::kLanes + lane] = from[(block.column + lane) * states + n];
    }
  }
}
template <class V>
void store_states(const typename V::Scalar* from, const Block<V>& block, std::int64_t states, typename V::Scalar* to) {
  for (int lane = 0; lane < block.lanes; ++lane) {
    for (std::int64_t n = 0; n < states; ++n) {
      to[(block.column + lane) * states + n] = from[n * V::kLanes + lane];
    }
  }
}

}  // namespace stgmamba::kernels
