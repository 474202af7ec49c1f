// SPDX-License-Identifier: MIT
// The run folder: one run at a time in it, one configuration in it, checkpoints that are whole or ignored.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stgmamba/io/json_lines.hpp"
#include "stgmamba/train/task.hpp"
#include "stgmamba/util/file.hpp"

namespace stgmamba::train {

/// Config section `checkpoint`.
struct CheckpointConfig {
  std::int64_t every = 1000;          // steps; the end of the run and every stop save too
  std::int64_t keep_last = 3;         // newest checkpoints kept
  std::int64_t keep_best = 1;         // best checkpoints kept beside them
  std::string metric = "val/l1";      // what best means: a name of metrics.jsonl
  std::string direction = "smaller";  // smaller | larger
};
void read(config::Section section, CheckpointConfig& config);

/// Everything a run continues from besides tensors: state.json.
struct RunState {
  std::int64_t step = 0;              // steps done
  std::int64_t bad_steps = 0;         // skipped in a row, at the end
  std::int64_t validated = -1;        // step of the newest validation
  std::string metric_name;            // CheckpointConfig::metric
  std::optional<double> metric;       // its value, when this very step was validated
  std::optional<double> best_metric;  // over the run
  double seconds = 0.0;               // training time so far
};

/// What identifies a run; a folder made with another one is refused.
struct RunIdentity {
  std::string config_hash, data_hash;
  std::uint64_t seed = 0;
  std::string config = {};  // resolved; says what differs where the hash does
};

/// Hash of a resolved configuration without the keys that may change between the sessions of one run: its length,
/// the number of workers and threads, places and how often things are logged.
std::string identity_hash(const std::string& resolved_config);

/// Throws ConfigError when the folder holds a run of another configuration or other data; changes nothing. A run of an
/// older build, which knew fewer options, counts as one with these at their defaults.
void check_identity(const std::filesystem::path& folder, const RunIdentity& identity);

class RunFolder {
 public:
  /// Locks the folder (making it), checks its identity, and removes what an interrupted save left. Throws ConfigError
  /// when another configuration or other data made it, ResourceError when another process trains in it.
  RunFolder(std::filesystem::path folder, const RunIdentity& identity);

  const std::filesystem::path& path() const { return folder_; }
  /// Records this session in run.json and the configuration in config.yaml.
  void record_session(const std::string& command, const std::string& device, const std::string& resolved_config,
                      std::int64_t start_step, int threads);
  void record_finish(std::int64_t step);

  /// The checkpoint to continue from. `resume` is auto, never (ConfigError when there is anything to lose) or a path
  /// or step; with a path inside the run, newer checkpoints move to rewound/.
  std::optional<std::filesystem::path> checkpoint_to_resume(const std::string& resume);

  /// Saves under a temporary name, seals, renames, points `last` and `best` at the right ones, and only then prunes. A
  /// step that is saved already is not saved again. Throws ResourceError before anything is touched when the disk is
  /// too full.
  std::filesystem::path save(const Task& task, const RunState& state, const CheckpointConfig& config);
  /// Restores networks, optimisers and the task's own state. Throws CheckpointError, or ConfigError when another
  /// configuration made the checkpoint.
  RunState load(const std::filesystem::path& checkpoint, Task& task) const;

 private:
  bool is_saved(const std::filesystem::path& target, const RunState& state) const;
  void write_state(const std::filesystem::path& path, const RunState& state, const io::Json& task) const;
  void prune(const CheckpointConfig& config) const;
  void rewind_to(std::int64_t step) const;
  std::filesystem::path folder_;
  RunIdentity identity_;
  std::unique_ptr<util::FileLock> lock_;
};

}  // namespace stgmamba::train
