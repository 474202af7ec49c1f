// SPDX-License-Identifier: MIT
// The training loop. It knows tasks, not methods: batches in, steps, validation, samples, checkpoints, clean stops.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "stgmamba/config/section.hpp"
#include "stgmamba/train/run_folder.hpp"
#include "stgmamba/train/task.hpp"

namespace stgmamba::train {

/// Config section `train`.
struct TrainConfig {
  std::int64_t steps = 0;                  // length of the run; 0: by epochs
  std::int64_t epochs = 100;               // [paper]
  std::int64_t max_bad_steps = 20;         // steps in a row that may be skipped before the run counts as diverged
  int threads = 0;                         // of the tensor library; 0: all cores. Changes the last bits of results
  std::string init_from;                   // weights to start from: a .safetensors or .pth file, a checkpoint or a run
  std::string init_map;                    // name rules for init_from: a file, or a built-in map (weights/name_map.hpp)
  std::vector<std::string> allow_missing;  // globs of names that init_from need not hold
};
void read(config::Section section, TrainConfig& config);

/// Config section `log`, and `eval.every`.
struct LogConfig {
  std::int64_t every = 50;            // steps between rows of metrics.jsonl
  std::int64_t diagnose_every = 100;  // steps between rows that also say how hard each loss term pulls; 0: never
  std::int64_t sample_every = 0;      // steps between sample clips; 0: never
  std::int64_t samples = 1;           // clips each time
  std::int64_t eval_every = 1000;     // steps between validations; 0: never
};
void read(const config::Section& root, LogConfig& config);

struct TrainOptions {
  std::string config;                  // path or bare name
  std::vector<std::string> overrides;  // "optim.lr=1e-3"
  std::filesystem::path runs_dir = "runs";
  std::string run_name;                    // empty: the configuration's name
  std::string resume = "auto";             // auto | never | PATH
  std::string init_from;                   // wins over train.init_from
  std::string init_map;                    // wins over train.init_map
  std::vector<std::string> allow_missing;  // wins over train.allow_missing
  std::int64_t max_steps = -1;             // stop, state saved, after so many steps of this session; < 0: no limit
  double max_seconds = 0.0;                // stop, state saved, after so long; 0: no limit
  std::string command;                     // for run.json
};

struct TrainSummary {
  std::filesystem::path run, checkpoint;
  std::string task;
  std::int64_t start_step = 0, step = 0, total_steps = 0, parameters = 0;
  double seconds = 0.0;  // of this session
  Scalars validation;    // newest of this session
};

/// Trains to the end of the run, resuming where an earlier session stopped. Throws StoppedError (state saved) on a
/// signal, at max_steps or max_seconds; DivergedError when too many steps in a row are not finite; and the errors of
/// configuration, data, checkpoints and disk before the first step where they can be known.
TrainSummary run_training(const TrainOptions& options);

/// Everything up to and including one step and one batch of validation; writes nothing.
TrainSummary check_training(const TrainOptions& options);

/// The resolved configuration, every default included; with `sources`, where each value came from.
std::string print_config(const TrainOptions& options, bool sources);

/// The run folder that `options` lead to. UsageError where the name is no single folder's.
std::filesystem::path run_folder_of(const TrainOptions& options);

}  // namespace stgmamba::train
