// SPDX-License-Identifier: MIT
// ggml's selective scan on the shapes of bench/peers.py, which compiles this against a checkout of ggml:
//
//   peer_ggml SEQUENCES LENGTH WIDTH STATES THREADS REPEATS     median milliseconds of a call
//
// Sequences first, as ggml wants them: the copy that a scan over frames would need before is not counted. Softplus is
// inside; the skip connection, which ggml leaves to its caller, is not.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <type_traits>
#include <vector>

#include "ggml-cpu.h"
#include "ggml.h"

namespace {

/// Newer releases take how many of the last states to keep as a last argument.
template <class Op, class... Operands>
ggml_tensor* scan(Op op, Operands... operands) {
  if constexpr (std::is_invocable_v<Op, Operands...>) {
    return op(operands...);
  } else {
    return op(operands..., 1);
  }
}

void fill(ggml_tensor* x, double mean, double spread) {
  static std::mt19937 random(1);
  std::normal_distribution<float> normal(static_cast<float>(mean), static_cast<float>(spread));
  std::generate_n(static_cast<float*>(x->data), ggml_nelements(x), [&] { return normal(random); });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fprintf(stderr, "usage: peer_ggml SEQUENCES LENGTH WIDTH STATES THREADS REPEATS\n");
    return 2;
  }
  const std::int64_t sequences = std::atoll(argv[1]), length = std::atoll(argv[2]), width = std::atoll(argv[3]);
  const std::int64_t states = std::atoll(argv[4]);
  const int threads = std::atoi(argv[5]), repeats = std::atoi(argv[6]);
  const std::size_t floats =
      static_cast<std::size_t>(sequences * length * (3 * width + 2 * states) + (2 * sequences + 1) * width * states);
  ggml_context* context = ggml_init({4 * floats + (std::size_t{64} << 20), nullptr, false});
  const auto tensor = [&](std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t d) {
    return ggml_new_tensor_4d(context, GGML_TYPE_F32, a, b, c, d);
  };
  ggml_tensor* state = tensor(states, 1, width, sequences);  // one channel a head
  ggml_tensor* x = tensor(1, width, length, sequences);
  ggml_tensor* delta = ggml_new_tensor_3d(context, GGML_TYPE_F32, width, length, sequences);
  ggml_tensor* a = ggml_new_tensor_2d(context, GGML_TYPE_F32, states, width);
  ggml_tensor* b = tensor(states, 1, length, sequences);
  ggml_tensor* c = tensor(states, 1, length, sequences);
  ggml_tensor* ids = ggml_new_tensor_1d(context, GGML_TYPE_I32, sequences);
  fill(state, 0, 0);
  fill(x, 0, 1);
  fill(delta, -4, 0.5);
  fill(b, 0, 1);
  fill(c, 0, 1);
  for (std::int64_t i = 0; i < width * states; ++i) {
    static_cast<float*>(a->data)[i] = -static_cast<float>(i % states + 1);
  }
  for (std::int64_t i = 0; i < sequences; ++i) {
    static_cast<std::int32_t*>(ids->data)[i] = static_cast<std::int32_t>(i);
  }
  ggml_tensor* y = scan(ggml_ssm_scan, context, state, x, delta, a, b, c, ids);
  ggml_cgraph* graph = ggml_new_graph(context);
  ggml_build_forward_expand(graph, y);
  std::vector<double> times;
  for (int i = 0; i <= repeats; ++i) {  // the first warms up
    const auto begin = std::chrono::steady_clock::now();
    ggml_graph_compute_with_ctx(context, graph, threads);
    times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
  }
  std::sort(times.begin() + 1, times.end());
  std::printf("%.3f\n", times[1 + static_cast<std::size_t>(repeats) / 2]);
  ggml_free(context);
  return 0;
}
