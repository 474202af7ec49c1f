// SPDX-License-Identifier: MIT
#include "stgmamba/train/verify_resume.hpp"

#include <algorithm>
#include <cmath>

#include <unistd.h>

#include "stgmamba/io/checkpoint_folder.hpp"
#include "stgmamba/io/safetensors.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/file.hpp"
#include "stgmamba/util/log.hpp"

#include "session.hpp"

namespace stgmamba::train {

namespace fs = std::filesystem;

namespace {

/// A folder that is gone at the end of the scope.
struct Workshop {
  explicit Workshop(fs::path folder) : path(std::move(folder)) { util::make_folders(path); }
  ~Workshop() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;
  fs::path path;
};

void expect_exit(const SessionLauncher& launch, const TrainOptions& options, ExitCode expected) {
  const int code = launch(options);
  if (code != static_cast<int>(expected)) {
    throw Error(static_cast<ExitCode>(code == 0 ? 1 : code),
                fmt::format("{}: a session of the resume check ended with exit code {} instead of {}; its log is above",
                            options.config, code, static_cast<int>(expected)));
  }
}

void compare_files(const fs::path& first, const fs::path& second, ResumeProof& proof) {
  const io::Safetensors a = io::read_safetensors(first);
  const io::Safetensors b = io::read_safetensors(second);
  for (const auto& [name, array] : a.tensors) {
    const auto other = b.tensors.find(name);
    proof.tensors += 1;
    if (other == b.tensors.end() || other->second.shape != array.shape || other->second.bytes != array.bytes) {
      proof.different.push_back(first.stem().string() + "/" + name);
    }
  }
  if (a.tensors.size() != b.tensors.size()) {
    proof.different.push_back(first.filename().string() + " (number of tensors)");
  }
}

double largest_change(const fs::path& first, const fs::path& second, const std::vector<std::string>& names) {
  const io::Safetensors a = io::read_safetensors(first);
  const io::Safetensors b = io::read_safetensors(second);
  double largest = 0.0;
  for (const std::string& name : names) {
    const std::vector<float> x = io::to_float(a.tensors.at(name));
    const std::vector<float> y = io::to_float(b.tensors.at(name));
    for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
      largest = std::max(largest, std::abs(static_cast<double>(x[i]) - static_cast<double>(y[i])));
    }
  }
  return largest;
}

}  // namespace

ResumeProof verify_resume(const TrainOptions& options, std::int64_t steps, const SessionLauncher& launch) {
  if (steps < 1) {
    throw UsageError("--verify-resume: needs at least 1 step, got {}", steps);
  }
  const fs::path folder = run_folder_of(options);
  const Session session = open_session(options);
  ResumeProof proof;
  proof.steps = 2 * steps;
  // Resuming falls inside an epoch, and the second half crosses into the next one.
  proof.epoch_steps = steps <= 2 ? steps + 1 : steps / 2 + 1;
  proof.workers_first = std::max(1, session.data.workers);
  proof.workers_second = proof.workers_first + 1;

  const Workshop workshop(folder.parent_path() / fmt::format(".verify-{}-{}", folder.filename().string(), getpid()));
  TrainOptions base = options;
  base.runs_dir = workshop.path;
  base.resume = "auto";
  base.max_steps = -1;
  base.max_seconds = 0;
  for (const std::string& text :
       {fmt::format("train.steps={}", proof.steps), std::string("log.sample_every=0"),
        fmt::format("data.epoch_samples={}", proof.epoch_steps * session.data.batch_size),
        fmt::format("eval.every={}", steps), fmt::format("checkpoint.every={}", proof.steps)}) {
    base.overrides.push_back(text);
  }
  const auto with = [&base](const char* name, std::int64_t max_steps, int workers) {
    TrainOptions run = base;
    run.run_name = name;
    run.max_steps = max_steps;
    run.overrides.push_back(fmt::format("data.workers={}", workers));
    return run;
  };
  expect_exit(launch, with("begin", 0, proof.workers_first), ExitCode::kStopped);
  expect_exit(launch, with("straight", -1, proof.workers_first), ExitCode::kDone);
  expect_exit(launch, with("halves", steps, proof.workers_first), ExitCode::kStopped);
  expect_exit(launch, with("halves", -1, proof.workers_second), ExitCode::kDone);

  const auto at = [&workshop](const char* run, std::int64_t step) {
    return workshop.path / run / "checkpoints" / io::checkpoint_name(step);
  };
  for (const auto& entry : fs::directory_iterator(at("straight", proof.steps))) {
    if (entry.path().extension() == ".safetensors") {
      compare_files(entry.path(), at("halves", proof.steps) / entry.path().filename(), proof);
    }
  }
  for (const auto& [name, network] : session.task->networks()) {
    const std::string file = name + ".safetensors";
    // Learnt parameters only: batch statistics move even where nothing is learnt.
    const std::vector<std::string> learnt = network->named_parameters().keys();
    proof.moved =
        std::max(proof.moved, largest_change(at("begin", 0) / file, at("straight", proof.steps) / file, learnt));
  }
  proof.equal = proof.different.empty() && proof.tensors > 0;
  return proof;
}

}  // namespace stgmamba::train
