// SPDX-License-Identifier: MIT
// The selective scan against its reference op and a fair PyTorch loop, interleaved in one run. See tools/bench.sh.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include <torch/torch.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "stgmamba/util/memory.hpp"

#include "fair_loop.hpp"
#include "machine.hpp"
#include "port_floor.hpp"
#include "scan/cpu/isa.hpp"

namespace stgmamba::bench {
namespace {

using torch::Tensor;

struct Options {
  std::vector<std::int64_t> widths = {128, 256};  // D
  std::int64_t states = 16;                       // N
  int repeats = 9;
  int threads = 2;
  bool peers = true;
  bool memory = false;
  std::string json;
};

struct Setting {
  std::int64_t batch = 16, frames = 50, joints = 18, width = 128, states = 16;  // B F V D N
  std::string scans = "all";  // sg, tg, all, or nodes: all F V nodes of a clip in one sequence
  bool backward = false;
  double gradient = 1.0;
  std::string isa;  // empty: what STG_SCAN_ISA says, else the fastest
  std::int64_t updates() const { return batch * frames * joints * width * states * (scans == "all" ? 3 : 1); }
};

/// Inputs of a call as a block makes them: B and C are views of x_proj's output.
struct Inputs {
  Tensor u;  // [B, F, V, D]
  std::vector<ops::ScanBranch> branches;
  std::vector<Tensor> leaves, d_ys;

  explicit Inputs(const Setting& s) {
    torch::manual_seed(1);
    const auto leaf = [this](const Tensor& x) {
      leaves.push_back(x.detach().requires_grad_());
      return leaves.back();
    };
    u = leaf(torch::randn({s.batch, s.frames, s.joints, s.width}));
    const std::vector<std::pair<ops::ScanAxis, bool>> all = {{ops::ScanAxis::kJoints, false},
                                                             {ops::ScanAxis::kFrames, false},
                                                             {ops::ScanAxis::kFrames, true},
                                                             {ops::ScanAxis::kNodes, false}};
    const std::size_t begin = s.scans == "tg" ? 1 : s.scans == "nodes" ? 3 : 0;
    const std::size_t end = s.scans == "all" ? 3 : begin + 1;
    const std::int64_t rank = (s.width / 2 + 15) / 16;
    for (std::size_t i = begin; i < end; ++i) {
      ops::ScanBranch branch{all[i].first, all[i].second};
      const Tensor projected = leaf(torch::randn({s.batch, s.frames, s.joints, rank + 2 * s.states}));
      const std::vector<Tensor> parts = projected.split_with_sizes({rank, s.states, s.states}, -1);
      branch.b = parts[1];
      branch.c = parts[2];
      branch.delta = leaf(torch::randn(u.sizes()) * 0.5);
      branch.a = leaf(-torch::arange(1, s.states + 1, torch::kFloat).repeat({s.width, 1}));
      branch.skip = leaf(torch::ones({s.width}));
      branch.delta_bias = leaf(torch::rand({s.width}) * 4 - 6);  // delta 2e-3 to 0.1, as at initialisation
      branch.keep_last_state = false;
      branches.push_back(branch);
      d_ys.push_back(torch::randn(u.sizes()) * s.gradient);
    }
  }
};

using Contender = std::function<std::vector<Tensor>(const Inputs&)>;

std::vector<Tensor> by_op(const Inputs& in, ops::ScanBackend backend) {
  std::vector<Tensor> ys;
  for (const ops::ScanOutput& output : ops::selective_scan(in.u, in.branches, backend)) {
    ys.push_back(output.y);
  }
  return ys;
}
std::vector<Tensor> by_loop(const Inputs& in) {
  std::vector<Tensor> ys;
  for (const ops::ScanBranch& branch : in.branches) {
    ys.push_back(fair_loop(in.u, branch));
  }
  return ys;
}

double milliseconds(const Contender& run, const Inputs& in, bool backward) {
  const auto begin = std::chrono::steady_clock::now();
  if (backward) {
    torch::autograd::grad(run(in), in.leaves, in.d_ys);
  } else {
    const torch::NoGradGuard no_grad;
    run(in);
  }
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0.0 : values[values.size() / 2];
}

struct Row {
  std::string name;
  double ours = 0, loop = 0, reference = 0, floor = 0, best = 0;
  std::size_t repeats = 0, peer_repeats = 0;
};

std::string name_of(const Setting& s) {
  std::string name = fmt::format("scan {} D{} {}", s.scans, s.width, s.backward ? "fwd+bwd" : "fwd");
  if (s.states != 16) {
    name += fmt::format(" N{}", s.states);
  }
  if (s.frames != 50) {
    name += fmt::format(" B{} F{}", s.batch, s.frames);
  }
  return name + (s.gradient == 1.0 ? "" : " dy 1e-8") + (s.isa.empty() ? "" : " " + s.isa);
}

/// The build that measurements without one of their own run: what the user's environment says.
const std::string& wanted_isa() {
  static const char* said = std::getenv("STG_SCAN_ISA");
  static const std::string kWanted = said == nullptr ? "" : said;
  return kWanted;
}

Row measure(const Setting& s, const Options& options, bool peers) {
  setenv("STG_SCAN_ISA", s.isa.empty() ? wanted_isa().c_str() : s.isa.c_str(), 1);
  const Inputs in(s);
  const Contender ours = [](const Inputs& x) { return by_op(x, ops::ScanBackend::kCpu); };
  const Contender reference = [](const Inputs& x) { return by_op(x, ops::ScanBackend::kReference); };
  std::vector<double> times[3];
  milliseconds(ours, in, s.backward);  // warm
  // A peer that takes over two seconds is repeated three times only.
  double slowest = 0;
  for (int i = 0; i < options.repeats; ++i) {
    times[0].push_back(milliseconds(ours, in, s.backward));
    if (peers && (slowest < 2000 || i < 3)) {
      times[1].push_back(milliseconds(by_loop, in, s.backward));
      times[2].push_back(milliseconds(reference, in, s.backward));
      slowest = std::max({slowest, times[1].back(), times[2].back()});
    }
  }
  Row row{name_of(s), median(times[0]), median(times[1]), median(times[2])};
  row.repeats = times[0].size();
  row.peer_repeats = times[1].size();
  row.best = *std::min_element(times[0].begin(), times[0].end());
  if (!s.backward && kernels::chosen_isa() == kernels::Isa::kAvx512) {
    static const double kVector = nanoseconds_per_vector_update();
    row.floor = static_cast<double>(s.updates()) / 16 * kVector * 1e-6 / options.threads;
  }
  const double ns = row.ours * 1e6 / static_cast<double>(s.updates());
  std::printf("%-38s %9.2f ms (best %.2f) %6.3f ns/update", row.name.c_str(), row.ours, row.best, ns);
  if (peers) {
    std::printf("  loop %9.1f ms %6.1fx  reference %9.1f ms %6.1fx  (%zu and %zu runs)", row.loop, row.loop / row.ours,
                row.reference, row.reference / row.ours, row.repeats, row.peer_repeats);
  }
  if (row.floor > 0) {
    std::printf("  floor %.2f ms %.2fx (best %.2fx)", row.floor, row.ours / row.floor, row.best / row.floor);
  }
  std::printf("\n");
  std::fflush(stdout);
  return row;
}

std::vector<Row> measure_all(const Options& options) {
  std::vector<Row> rows;
  const auto add = [&](Setting s, bool peers) {
    s.states = options.states;
    rows.push_back(measure(s, options, peers && options.peers));
  };
  for (const std::int64_t width : options.widths) {
    for (const char* scans : {"sg", "tg", "all", "nodes"}) {
      for (const bool backward : {false, true}) {
        add({.width = width, .scans = scans, .backward = backward}, true);
      }
    }
    add({.width = width, .backward = true, .gradient = 1e-8}, true);
  }
  for (const kernels::Isa isa : kernels::usable_isas()) {
    for (const bool backward : {false, true}) {
      add({.width = options.widths.back(), .backward = backward, .isa = isa_name(isa)}, false);
    }
  }
  for (const std::int64_t frames : {1500, 3000, 6000}) {
    for (const bool backward : {false, true}) {
      add({.batch = 1, .frames = frames, .width = options.widths.back(), .scans = "tg", .backward = backward}, false);
    }
  }
  return rows;
}

void write_json(const std::string& file, const std::vector<Row>& rows) {
  nlohmann::json out = nlohmann::json::array();
  for (const Row& row : rows) {
    nlohmann::json line = {
        {"name", row.name}, {"ms", row.ours}, {"best_ms", row.best}, {"repeats", row.repeats}, {"cpu", cpu_name()}};
    line["ratio_fair_loop"] = row.loop > 0 ? nlohmann::json(row.loop / row.ours) : nlohmann::json();
    line["ratio_reference"] = row.reference > 0 ? nlohmann::json(row.reference / row.ours) : nlohmann::json();
    line["ratio_floor"] = row.floor > 0 ? nlohmann::json(row.ours / row.floor) : nlohmann::json();
    out.push_back(line);
  }
  std::ofstream(file) << out.dump(1) << "\n";
}

/// What forward and backward add to the memory of a process that holds the inputs, freed memory given back before.
void print_memory(const Options& options) {
  const Setting s{.width = options.widths.front(), .states = options.states, .backward = true};
  milliseconds([](const Inputs& x) { return by_op(x, ops::ScanBackend::kCpu); }, Inputs({.batch = 1, .frames = 2}),
               true);
  const Inputs in(s);
  forget_peak_memory();
  const double before = resident_mib("VmRSS");
  const std::vector<Tensor> ys = by_op(in, ops::ScanBackend::kCpu);
  const auto grads = torch::autograd::grad(ys, in.leaves, in.d_ys);
  std::size_t bytes = 0;
  for (const auto* list : {&ys, &grads}) {
    for (const Tensor& x : *list) {
      bytes += x.nbytes();
    }
  }
  std::printf("D%lld: forward and backward added %.1f MiB at their peak; outputs and gradients are %.1f MiB\n",
              static_cast<long long>(s.width), resident_mib("VmHWM") - before, static_cast<double>(bytes) / (1 << 20));
}

int run(int argc, char** argv) {
  CLI::App app("selective scan: ours, the reference op and a fair PyTorch loop, interleaved");
  Options options;
  app.add_option("--width", options.widths, "scan widths D")->check(CLI::Range(1, 1000000));
  app.add_option("--states", options.states, "states N of a channel")->check(CLI::Range(1, 256));
  app.add_option("--repeats", options.repeats, "repetitions, the median counts")->check(CLI::Range(1, 1000000));
  app.add_option("--threads", options.threads, "threads")->check(CLI::Range(1, 1000000));
  app.add_flag("!--no-peers", options.peers, "ours alone");
  app.add_flag("--memory", options.memory, "peak memory of one forward and backward pass instead (one --width)");
  app.add_option("--json", options.json, "also write the rows to this file")->check(writable_file());
  CLI11_PARSE(app, argc, argv);
  at::set_num_threads(options.threads);
  wanted_isa();
  if (options.memory) {
    print_memory(options);
    return 0;
  }
  util::keep_freed_memory();  // as every program does: for all contenders alike
  std::printf("%s, %d threads, %s kernels, LibTorch %s; B16 F50 V18 N%lld unless said\n", cpu_name().c_str(),
              options.threads, isa_name(kernels::chosen_isa()), TORCH_VERSION, static_cast<long long>(options.states));
  const std::vector<Row> rows = measure_all(options);
  if (!options.json.empty()) {
    write_json(options.json, rows);
  }
  return 0;
}

}  // namespace
}  // namespace stgmamba::bench

int main(int argc, char** argv) {
  return stgmamba::bench::run(argc, argv);
}
