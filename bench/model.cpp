// SPDX-License-Identifier: MIT
// The STGM block and the whole training step of row S1-6 (batch 16, L1, Adam), with our kernels, with the reference
// scan and with the fair PyTorch loop in its place, interleaved in one run; then where our step spends its time.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>

#include <torch/torch.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "stgmamba/config/section.hpp"
#include "stgmamba/models/pose_generator.hpp"
#include "stgmamba/nn/stgm_block.hpp"
#include "stgmamba/ops/gated_norm.hpp"
#include "stgmamba/skeleton/layout.hpp"
#include "stgmamba/util/memory.hpp"

#include "fair_loop.hpp"
#include "machine.hpp"
#include "op_profile.hpp"
#include "ops/backend.hpp"
#include "scan/cpu/isa.hpp"

namespace stgmamba::bench {
namespace {

using torch::Tensor;
constexpr std::int64_t kBatch = 16, kFrames = 50, kJoints = skeleton::kJoints;

struct Options {
  std::vector<std::int64_t> widths = {64, 128};  // d; the scans run over 2 d channels
  int repeats = 9;
  int threads = 2;
  std::string device = "cpu";
  std::string json;
};

/// Where everything runs; set once, by main.
torch::Device& device() {
  static torch::Device chosen(torch::kCPU);
  return chosen;
}

/// The part of the machine that is measured.
std::string device_name() {
  return device().is_cuda() ? gpu_name(std::max(0, static_cast<int>(device().index()))) : cpu_name();
}

std::vector<ops::ScanOutput> loop_scan(const Tensor& u, const std::vector<ops::ScanBranch>& branches) {
  std::vector<ops::ScanOutput> outputs;
  for (const ops::ScanBranch& branch : branches) {
    outputs.push_back({ordered_fair_loop(u, branch), {}});
  }
  return outputs;
}

/// A piece of work on one of the contenders' scans.
struct Contender {
  std::string name;
  std::function<void()> work;
  std::vector<double> times;
};

double milliseconds(const std::function<void()>& work) {
  const auto wait = [] {
    if (device().is_cuda()) {
      torch::cuda::synchronize();
    }
  };
  wait();
  const auto begin = std::chrono::steady_clock::now();
  work();
  wait();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}
double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

nlohmann::json compare(const std::string& what, std::vector<Contender> contenders, int repeats) {
  for (Contender& c : contenders) {
    c.work();
  }
  for (int i = 0; i < repeats; ++i) {
    for (Contender& c : contenders) {
      if (c.times.size() < 3 || c.times[0] < 2000) {  // what takes over two seconds is repeated three times only
        c.times.push_back(milliseconds(c.work));
      }
    }
  }
  const double ours = median(contenders[0].times);
  std::printf("%-34s", what.c_str());
  nlohmann::json row = {{"name", what}, {"ms", ours}, {device().is_cuda() ? "gpu" : "cpu", device_name()}};
  for (const Contender& c : contenders) {
    std::printf("  %s %8.1f ms", c.name.c_str(), median(c.times));
    if (&c != &contenders[0]) {
      std::printf(" (%5.2fx)", median(c.times) / ours);
      row["ratio_" + c.name] = median(c.times) / ours;
    }
  }
  std::printf("\n");
  std::fflush(stdout);
  return row;
}

/// Runs with `scan` behind the reference backend.
std::function<void()> with_scan(ops::ScanCall scan, std::function<void()> work) {
  return [scan, work = std::move(work)] {
    struct Scope {
      ops::ScanCall before;
      ~Scope() { ops::replace_reference(before); }
    } const scope{ops::replace_reference(scan)};
    work();
  };
}
ops::ScanCall reference() {
  const ops::ScanCall original = ops::replace_reference(loop_scan);
  ops::replace_reference(original);
  return original;
}

nlohmann::json compare_scans(const std::string& what, const std::function<void()>& ours,
                             const std::function<void()>& by_reference, int repeats) {
  return compare(what,
                 {{"ours", ours, {}},
                  {"reference", with_scan(reference(), by_reference), {}},
                  {"fair_loop", with_scan(loop_scan, by_reference), {}}},
                 repeats);
}

nn::StgmBlock make_block(std::int64_t d, const char* backend) {
  torch::manual_seed(1);
  nn::StgmBlockConfig config;
  config.d = d;
  config.backend = backend;
  nn::StgmBlock block(config, 0);
  block->to(device());
  return block;
}

std::vector<nlohmann::json> measure_block(std::int64_t d, int repeats) {
  auto fast = make_block(d, "auto");
  auto slow = make_block(d, "reference");
  const Tensor z = torch::randn({kBatch, kFrames, kJoints, d}).to(device()).requires_grad_();
  const Tensor d_out = torch::randn_like(z) * 1e-4;
  const auto forward = [&z](nn::StgmBlock& block) {
    return [&z, &block] {
      const torch::NoGradGuard no_grad;
      block->forward(z);
    };
  };
  const auto both = [&z, &d_out](nn::StgmBlock& block) {
    return [&z, &d_out, &block] {
      std::vector<Tensor> leaves = block->parameters();
      leaves.push_back(z);
      torch::autograd::grad({block->forward(z)}, leaves, {d_out});
    };
  };
  const std::string name = fmt::format("STGM block d{} D{}", d, 2 * d);
  return {compare_scans(name + " fwd", forward(fast), forward(slow), repeats),
          compare_scans(name + " fwd+bwd", both(fast), both(slow), repeats)};
}

/// The pass after the scans alone, against the ATen operators that it stands for.
nlohmann::json measure_gated_norm(std::int64_t d, int repeats) {
  const std::vector<std::int64_t> sizes = {kBatch, kFrames, kJoints, 2 * d};
  std::vector<ops::GatedNormBranch> branches;
  std::vector<Tensor> leaves;
  for (int i = 0; i < 3; ++i) {
    const ops::GatedNormBranch branch = {torch::randn(sizes).to(device()).requires_grad_(),
                                         torch::ones({2 * d}).to(device()).requires_grad_(),
                                         torch::zeros({2 * d}).to(device()).requires_grad_()};
    branches.push_back(branch);
    leaves.insert(leaves.end(), {branch.y, branch.weight, branch.bias});
  }
  const Tensor gate = torch::randn(sizes).to(device()).requires_grad_();
  leaves.push_back(gate);
  const Tensor d_out = torch::randn_like(gate);
  const auto both = [&](ops::ScanBackend backend) {
    return [&, backend] { torch::autograd::grad({ops::gated_norm(branches, {gate}, 1e-5, backend)}, leaves, {d_out}); };
  };
  return compare(fmt::format("LN, gate, sum D{} fwd+bwd", 2 * d),
                 {{"ours", both(ops::ScanBackend::kAuto), {}}, {"aten", both(ops::ScanBackend::kReference), {}}},
                 repeats);
}

nlohmann::json measure_graph_mix(std::int64_t d, int repeats) {
  torch::manual_seed(1);
  nn::GraphConv conv(nn::GraphConvConfig(), 2 * d);
  const Tensor u = torch::randn({kBatch, kFrames, kJoints, 2 * d}).requires_grad_();
  const Tensor d_out = torch::randn(u.sizes());
  std::vector<Tensor> leaves = conv->parameters();
  leaves.push_back(u);
  const auto both = [&](ops::ScanBackend backend) {
    return [&, backend] { torch::autograd::grad({conv->activated(u, backend)}, leaves, {d_out}); };
  };
  return compare(fmt::format("graph convolution D{} fwd+bwd", 2 * d),
                 {{"ours", both(ops::ScanBackend::kCpu), {}}, {"aten", both(ops::ScanBackend::kReference), {}}},
                 repeats);
}

/// S1-6 with its optimiser: one call is one training step on the same batch.
class Step {
 public:
  Step(std::int64_t d, const std::string& backend) {
    const auto document = config::Document::parse(
        fmt::format("model: {{name: stg_mamba, d: {}, scan: {{backend: {}}}}}", d, backend), "bench");
    generator_ = models::make_generator(document.root().section("model"), 1);
    generator_.network->to(device());
    adam_ = std::make_unique<torch::optim::Adam>(generator_.network->parameters(), torch::optim::AdamOptions(3e-4));
    torch::manual_seed(2);
    audio_ = (torch::rand({kBatch, kFrames, 1600}) * 2 - 1).to(device());
    noise_ = (torch::randn({kBatch, kFrames, 10}) * 0.33).to(device());
    pose_ = (torch::rand({kBatch, kFrames, kJoints, 2}) - 0.5).to(device());
  }
  void operator()() {
    adam_->zero_grad();
    (generator_.network->forward(audio_, noise_) - pose_).abs().mean().backward();
    torch::nn::utils::clip_grad_norm_(generator_.network->parameters(), 1.0);
    adam_->step();
  }

 private:
  models::GeneratorHandle generator_;
  std::unique_ptr<torch::optim::Adam> adam_;
  Tensor audio_, noise_, pose_;
};

void print_profile(std::int64_t d, int repeats) {
  Step step(d, "auto");
  step();
  double total = 0;
  std::vector<std::pair<std::string, OpProfile::Row>> rows;
  {
    const OpProfile profile;
    for (int i = 0; i < repeats; ++i) {
      total += milliseconds([&step] { step(); });
    }
    rows.assign(OpProfile::rows().begin(), OpProfile::rows().end());
  }
  std::sort(rows.begin(), rows.end(),
            [](const auto& a, const auto& b) { return a.second.milliseconds > b.second.milliseconds; });
  std::printf("\nS1-6 step d%lld: %.1f ms; self time by operator\n", static_cast<long long>(d), total / repeats);
  double rest = total;
  constexpr std::size_t kShown = 22;
  for (std::size_t i = 0; i < std::min(kShown, rows.size()); ++i) {
    const auto& [name, row] = rows[i];
    rest -= row.milliseconds;
    std::printf("  %-52s %8.2f ms %5.1f %% %6.0f calls\n", name.c_str(), row.milliseconds / repeats,
                100 * row.milliseconds / total, static_cast<double>(row.calls) / repeats);
  }
  std::printf("  %-52s %8.2f ms %5.1f %%\n", "all others", rest / repeats, 100 * rest / total);
}

int run(int argc, char** argv) {
  CLI::App app("STGM block and S1-6 training step: our kernels, the reference scan, the fair PyTorch loop");
  Options options;
  app.add_option("--width", options.widths, "node widths d")->check(CLI::Range(1, 1000000));
  app.add_option("--repeats", options.repeats, "repetitions, the median counts")->check(CLI::Range(1, 1000000));
  app.add_option("--threads", options.threads, "threads")->check(CLI::Range(1, 1000000));
  app.add_option("--device", options.device, "cpu or cuda")->check([](const std::string& device) {
    return device == "cpu" || (device == "cuda" && torch::cuda::is_available())
               ? std::string()
               : device + ": must be cpu, or cuda where LibTorch has CUDA and finds a GPU";
  });
  app.add_option("--json", options.json, "also write the rows to this file")->check(writable_file());
  CLI11_PARSE(app, argc, argv);
  util::keep_freed_memory();  // as every program does: for all contenders alike
  at::set_num_threads(options.threads);
  device() = torch::Device(options.device);
  std::printf("%s, %s, %d threads, %s kernels, LibTorch %s; B16 F50 V18 N16, 4 blocks\n", options.device.c_str(),
              device_name().c_str(), options.threads, isa_name(kernels::chosen_isa()), TORCH_VERSION);
  nlohmann::json rows = nlohmann::json::array();
  for (const std::int64_t d : options.widths) {
    rows.push_back(measure_gated_norm(d, options.repeats));
    if (device().is_cpu()) {  // elsewhere it is ATen's
      rows.push_back(measure_graph_mix(d, options.repeats));
    }
    for (const nlohmann::json& row : measure_block(d, options.repeats)) {
      rows.push_back(row);
    }
    Step fast(d, "auto");
    Step slow(d, "reference");
    rows.push_back(compare_scans(
        fmt::format("S1-6 training step d{}", d), [&] { fast(); }, [&] { slow(); }, options.repeats));
  }
  for (const std::int64_t d : device().is_cpu() ? options.widths : std::vector<std::int64_t>()) {
    print_profile(d, 5);  // a GPU works while the operators return
  }
  if (!options.json.empty()) {
    std::ofstream(options.json) << rows.dump(1) << "\n";
  }
  return 0;
}

}  // namespace
}  // namespace stgmamba::bench

int main(int argc, char** argv) {
  return stgmamba::bench::run(argc, argv);
}
