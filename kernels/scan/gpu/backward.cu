// SPDX-License-Identifier: MIT
// Selective scan, backward, all branches in one launch; finish.cu adds up what its blocks leave behind.
//
// Thread = channel, as forward. States are recomputed on chip: a first sweep keeps the state before every chunk of
// steps in shared memory; then, chunk by chunk from the end, a second sweep keeps a h[t-1] of every step, and the
// reverse sweep carries lambda. Scans longer than a segment (64 steps) keep the state before every segment in the
// workspace. dB and dC are sums over channels: over a warp by a halving butterfly, over the warps of the block in
// order, over slices in finish.cu. A block owns a static list of sequences and adds dA, dskip and dbias up in
// registers, for some 256 steps at a time (a longer plain sum in float loses digits), then in its own partial sums.
// Overwrites d_delta, d_first, its share of d_u and its partial sums; no atomics. Any L and D; N as forward.
#include "scan/gpu/dispatch.hpp"
#include "scan/gpu/row_math.hpp"
#include "scan/gpu/scan.hpp"
#include "scan/gpu/warp_sum.hpp"

namespace stgmamba::kernels::STG_DEVICE_NAMESPACE {

const char* launch_finish(const BackwardPlan& plan, void* stream);

namespace {

constexpr int kBackwardThreads = 64;
constexpr int kStepsInRegisters = 256;

template <typename Io, int N>
class BackwardThread {
 public:
  using T = Accum<Io>;

  STG_DEVICE BackwardThread(const BackwardArgs& args, const BackwardBranchArgs& branch)
      : args_(args),
        branch_(branch),
        states_(0),
        bc_(args.bc_offset),
        sums_(args.sums_offset),
        tokens_(args.tokens_offset) {
    work_ = device::block_index() - branch.first_block;
    partial_ = work_ / args.slices;
    slice_ = work_ - partial_ * args.slices;
    const int channel = slice_ * device::block_size() + device::thread_index();
    active_ = channel < args.channels;
    channel_ = active_ ? channel : args.channels - 1;  // surplus threads add zeros and store nothing
    segments_ = (branch.path.length + kSegment - 1) / kSegment;
  }

  STG_DEVICE void run() {
    load_constants();
    STG_NO_UNROLL
    for (sequence_ = partial_; sequence_ < branch_.path.sequences; sequence_ += branch_.partials) {
      base_ = first_token(branch_.path, sequence_);
      run_sequence();
    }
    add_partials();
  }

 private:
  STG_DEVICE void load_constants() {
    const T* a = static_cast<const T*>(branch_.a) + static_cast<long long>(channel_) * args_.states;
    STG_UNROLL
    for (int n = 0; n < N; ++n) {
      a_[n] = n < args_.states ? device::load(a + n) * static_cast<T>(kLog2EDouble) : T(0);
    }
    skip_ = device::load(static_cast<const T*>(branch_.skip) + channel_);
    bias_ = device::load(static_cast<const T*>(branch_.bias) + channel_);
    clear_sums();
  }

  STG_DEVICE void clear_sums() {
    STG_UNROLL
    for (int n = 0; n < N; ++n) {
      d_a_[n] = T(0);
    }
    d_skip_ = d_bias_ = T(0);
    summed_steps_ = 0;
  }

  STG_DEVICE void run_sequence() {
    if (segments_ > 1) {
      save_segments();
    }
    STG_UNROLL
    for (int n = 0; n < N; ++n) {
      carry_[n] = T(0);
    }
    STG_NO_UNROLL
    for (int segment = segments_ - 1; segment >= 0; --segment) {
      stage(segment);
      keep_chunks(segment);
      STG_NO_UNROLL
      for (int chunk = chunks() - 1; chunk >= 0; --chunk) {
        reverse_chunk(segment, chunk);
      }
      summed_steps_ += steps_;
      if (summed_steps_ >= kStepsInRegisters) {
        add_partials();
        clear_sums();
      }
    }
    store_first_gradient();
  }

  STG_DEVICE void stage(int segment) {
    const int left = branch_.path.length - segment * kSegment;
    steps_ = left < kSegment ? left : kSegment;
    device::barrier();  // everyone has read the segment before
    stage_rows<Io, N>(branch_, args_.states, base_, segment * kSegment, steps_, bc_, tokens_);
    device::barrier();
  }

  /// Long scans: the state before every segment, each thread's own column of the workspace.
  STG_DEVICE void save_segments() {
    load_first();
    STG_NO_UNROLL
    for (int segment = 0; segment < segments_; ++segment) {
      T* state = segment_state(segment);
      STG_UNROLL
      for (int n = 0; n < N; ++n) {
        device::store(state + n * device::block_size(), h_[n]);
      }
      if (segment + 1 < segments_) {
        stage(segment);
        advance<false>(0, steps_);
      }
    }
  }

  /// First sweep: the state before every chunk but the first, which is the segment's own.
  STG_DEVICE void keep_chunks(int segment) {
    load_segment_state(segment);
    STG_NO_UNROLL
    for (int chunk = 1; chunk < chunks(); ++chunk) {
      advance<false>((chunk - 1) * branch_.chunk, chunk * branch_.chunk);
      STG_UNROLL
      for (int n = 0; n < N; n += 4) {
        states_.store4(kept(chunk_row(chunk), n), {{h_[n], h_[n + 1], h_[n + 2], h_[n + 3]}});
      }
    }
  }

  STG_DEVICE void reverse_chunk(int segment, int chunk) {
    const int begin = chunk * branch_.chunk;
    const int end = begin + branch_.chunk < steps_ ? begin + branch_.chunk : steps_;
    if (chunk == 0) {
      load_segment_state(segment);
    } else {
      STG_UNROLL
      for (int n = 0; n < N; n += 4) {
        const Four<T> h = states_.load4(kept(chunk_row(chunk), n));
        h_[n] = h.v[0], h_[n + 1] = h.v[1], h_[n + 2] = h.v[2], h_[n + 3] = h.v[3];
      }
    }
    advance<true>(begin, end);
    reverse(begin, end);
    device::barrier();
    store_sums(begin, end);
    device::barrier();  // the next chunk writes the sums again
  }

  /// Runs h_ over steps [from, to) of the segment; kKeep: a h[t-1] of step i goes to row i - from.
  template <bool kKeep>
  STG_DEVICE void advance(int from, int to) {
    int token = tokens_.load(from);
    T u = device::load(at<const Io>(args_.u, token, channel_));
    T raw = device::load(at<const Io>(branch_.delta, token, channel_));
    STG_NO_UNROLL
    for (int i = from; i < to; ++i) {
      token = tokens_.load(i + 1 < to ? i + 1 : i);
      const T next_u = device::load(at<const Io>(args_.u, token, channel_));
      const T next_raw = device::load(at<const Io>(branch_.delta, token, channel_));
      const T delta = softplus(raw + bias_);
      const T input = delta * u;
      STG_UNROLL
      for (int n = 0; n < N; n += 4) {
        const Four<T> b = bc_.load4(i * 2 * N + n);
        Four<T> decayed;
        STG_UNROLL
        for (int j = 0; j < 4; ++j) {
          decayed.v[j] = device::exp2(delta * a_[n + j]) * h_[n + j];
          h_[n + j] = device::fma(input, b.v[j], decayed.v[j]);
        }
        if (kKeep) {
          states_.store4(kept(i - from, n), decayed);
        }
      }
      u = next_u, raw = next_raw;
    }
  }

  STG_DEVICE void reverse(int begin, int end) {
    int token = tokens_.load(end - 1);
    StepInputs now = load_step(token);
    STG_NO_UNROLL
    for (int i = end - 1; i >= begin; --i) {
      // As forward: the loads of the step that comes next are under way while this one computes.
      const int next_token = tokens_.load(i > begin ? i - 1 : i);
      const StepInputs next = load_step(next_token);
      reverse_step(i, i - begin, token, mine(now.u), mine(now.g), now.raw + bias_);
      token = next_token, now = next;
    }
  }

  struct StepInputs {
    T u, g, raw;
  };
  STG_DEVICE StepInputs load_step(int token) const {
    return {T(device::load(at<const Io>(args_.u, token, channel_))),
            T(device::load(at<const Io>(branch_.d_y, token, channel_))),
            T(device::load(at<const Io>(branch_.delta, token, channel_)))};
  }

  STG_DEVICE void reverse_step(int i, int row, int token, T u, T g, T s) {
    const T delta = softplus(s);
    T lambda_b = T(0), flow_a = T(0);
    STG_UNROLL
    for (int group = 0; group < N; group += kGroup) {
      T sums[2 * kGroup];
      STG_UNROLL
      for (int n = 0; n < kGroup; n += 4) {
        reverse_states(i * 2 * N + group + n, kept(row, group + n), group + n, n, delta, delta * u, g, sums, lambda_b,
                       flow_a);
      }
      const T total = warp_sums<2 * kGroup>(sums);
      const int lane = device::thread_index() % 32;
      if (lane < 2 * kGroup) {
        sums_.store(sums_row(device::thread_index() / 32, row) + lane / kGroup * N + group + lane % kGroup, total);
      }
    }
    const T d_raw = device::fma(u, lambda_b, flow_a * static_cast<T>(kLn2)) * softplus_slope(s);
    d_skip_ = device::fma(g, u, d_skip_);
    d_bias_ += mine(d_raw);
    if (active_) {
      device::store(at<Io>(branch_.d_delta, token, channel_), d_raw);
      store_d_u(token, device::fma(skip_, g, delta * lambda_b));
    }
  }

  /// Four states: n of the channel, m of the group of sums.
  STG_DEVICE void reverse_states(int bc_index, int kept_index, int n, int m, T delta, T input, T g,
                                 T (&sums)[2 * (N < 16 ? N : 16)], T& lambda_b, T& flow_a) {
    const Four<T> b = bc_.load4(bc_index);
    const Four<T> c = bc_.load4(bc_index + N);
    const Four<T> decayed = states_.load4(kept_index);  // a h[t-1]
    STG_UNROLL
    for (int j = 0; j < 4; ++j) {
      const T lambda = device::fma(g, c.v[j], carry_[n + j]);
      sums[m + j] = lambda * input;                                         // dB
      sums[kGroup + m + j] = g * device::fma(input, b.v[j], decayed.v[j]);  // dC = g h
      lambda_b = device::fma(lambda, b.v[j], lambda_b);
      const T flow = lambda * decayed.v[j];
      flow_a = device::fma(flow, a_[n + j], flow_a);
      d_a_[n + j] = device::fma(flow, delta, d_a_[n + j]);
      carry_[n + j] = device::exp2(delta * a_[n + j]) * lambda;
    }
  }

  STG_DEVICE void store_d_u(int token, T value) {
    if (args_.d_u_is_io != 0) {
      device::store(at<Io>(branch_.d_u, token, channel_), value);
    } else {
      device::store(at<T>(branch_.d_u, token, channel_), value);
    }
  }

  /// Adds the warps' sums of a chunk in order: [steps, 2 N] into the workspace.
  STG_DEVICE void store_sums(int begin, int end) {
    T* out = static_cast<T*>(branch_.bc_sums) + static_cast<long long>(slice_) * args_.tokens * (2 * N);
    const int warps = device::block_size() / 32;
    STG_NO_UNROLL
    for (int i = device::thread_index(); i < (end - begin) * 2 * N; i += device::block_size()) {
      const int step = i / (2 * N);
      const int column = i % (2 * N);
      T total = sums_.load(sums_row(0, step) + column);
      for (int warp = 1; warp < warps; ++warp) {
        total += sums_.load(sums_row(warp, step) + column);
      }
      device::store(out + static_cast<long long>(tokens_.load(begin + step)) * (2 * N) + column, total);
    }
  }

  STG_DEVICE void load_first() {
    const T* first = static_cast<const T*>(branch_.first);
    STG_UNROLL
    for (int n = 0; n < N; ++n) {
      h_[n] = first != nullptr && n < args_.states ? device::load(first + state_index(n)) : T(0);
    }
  }

  STG_DEVICE void load_segment_state(int segment) {
    if (segment == 0) {
      load_first();
      return;
    }
    const T* state = segment_state(segment);
    STG_UNROLL
    for (int n = 0; n < N; ++n) {
      h_[n] = device::load_own(state + n * device::block_size());
    }
  }

  STG_DEVICE void store_first_gradient() {
    T* d_first = static_cast<T*>(branch_.d_first);
    if (d_first == nullptr || !active_) {
      return;
    }
    STG_UNROLL
    for (int n = 0; n < N; ++n) {
      if (n < args_.states) {
        device::store(d_first + state_index(n), carry_[n]);
      }
    }
  }

  /// Adds the sums to [partials, N + 2, D], channels side by side; the first time overwrites what is there.
  STG_DEVICE void add_partials() {
    if (!active_) {
      return;
    }
    T* out =
        static_cast<T*>(branch_.channel_sums) + static_cast<long long>(partial_) * (N + 2) * args_.channels + channel_;
    STG_UNROLL
    for (int n = 0; n < N; ++n) {
      add(out + static_cast<long long>(n) * args_.channels, d_a_[n]);
    }
    add(out + static_cast<long long>(N) * args_.channels, d_skip_);
    add(out + static_cast<long long>(N + 1) * args_.channels, d_bias_);
    has_partials_ = true;
  }
  STG_DEVICE void add(T* sum, T x) { device::store(sum, has_partials_ ? device::load_own(sum) + x : x); }

  STG_DEVICE T mine(T x) const { return active_ ? x : T(0); }
  STG_DEVICE int chunks() const { return (steps_ + branch_.chunk - 1) / branch_.chunk; }
  STG_DEVICE int chunk_row(int chunk) const { return branch_.chunk + chunk - 1; }
  /// Kept states: [rows, N / 4, threads, 4], so that a warp's 16-byte accesses are consecutive.
  STG_DEVICE int kept(int row, int n) const {
    return ((row * (N / 4) + n / 4) * device::block_size() + device::thread_index()) * 4;
  }
  STG_DEVICE int sums_row(int warp, int step) const { return (warp * branch_.chunk + step) * 2 * N; }
  STG_DEVICE long long state_index(int n) const {
    return (static_cast<long long>(sequence_) * args_.channels + channel_) * args_.states + n;
  }
  STG_DEVICE T* segment_state(int segment) const {
    return static_cast<T*>(branch_.segment_states) +
           (static_cast<long long>(work_) * segments_ + segment) * N * device::block_size() + device::thread_index();
  }

  static constexpr int kGroup = N < 16 ? N : 16;  // states whose sums travel through one butterfly

  const BackwardArgs& args_;
  const BackwardBranchArgs& branch_;
  device::Shared<T> states_;           // [rows, N / 4, threads, 4]
  device::Shared<T> bc_;               // [segment, 2 N]
  device::Shared<T> sums_;             // [warps, chunk, 2 N]
  device::Shared<int> tokens_;         // [segment]
  T a_[N], h_[N], carry_[N], d_a_[N];  // a: times log2 e; carry: a[t+1] lambda[t+1]
  T skip_, bias_, d_skip_, d_bias_;
  int work_, partial_, slice_, sequence_ = 0, channel_, base_ = 0, segments_, steps_ = 0;
  int summed_steps_ = 0;  // that d_a_, d_skip_ and d_bias_ hold
  bool active_, has_partials_ = false;
};

/// Blocks that the shared memory of a multiprocessor holds at L = 50: fewer registers would win nothing.
template <int N>
inline constexpr int kBackwardBlocks = N == 8 ? 6 : 3;

template <typename Io, int N>
STG_KERNEL void STG_LAUNCH_BOUNDS(kBackwardThreads, kBackwardBlocks<N>)
    scan_backward_kernel(STG_PARAMETER BackwardArgs args) {
  int branch = 0;
  while (branch + 1 < args.branches && device::block_index() >= args.branch[branch + 1].first_block) {
    ++branch;
  }
  BackwardThread<Io, N>(args, args.branch[branch]).run();
}

}  // namespace

const char* scan_backward(const ScanBackward& problem, void* workspace, void* stream) {
  BackwardPlan plan;
  if (const char* wrong = plan_backward(problem, workspace, plan)) {
    return wrong;
  }
  const LaunchShape shape{plan.blocks, plan.threads, plan.shared_bytes};
  const char* wrong = with_type_and_states(plan.io, plan.padded, [&](auto type, auto states) {
    return device::launch(scan_backward_kernel<typename decltype(type)::type, decltype(states)::value>, shape, stream,
                          plan.args);
  });
  return wrong != nullptr ? wrong : launch_finish(plan, stream);
}

}  // namespace stgmamba::kernels::STG_DEVICE_NAMESPACE
