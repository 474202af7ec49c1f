// SPDX-License-Identifier: MIT
// One training session: the configuration and everything built from it, before a run folder is touched.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "stgmamba/config/section.hpp"
#include "stgmamba/data/loader.hpp"
#include "stgmamba/train/trainer.hpp"

namespace stgmamba::train {

/// What the configuration says, and the task it builds.
struct Session {
  explicit Session(config::Document read_from) : document(std::move(read_from)) {}
  config::Document document;
  std::uint64_t seed = 0;
  torch::Device device = torch::kCPU;
  data::DataConfig data;
  TrainConfig train;
  weights::LoadOptions init;  // how train.init_from is read
  LogConfig log;
  CheckpointConfig checkpoint;
  std::unique_ptr<Task> task;
  std::string resolved;  // the whole configuration, defaults included
};

/// Reads and checks the configuration. Throws ConfigError; opens no data.
Session open_session(const TrainOptions& options);

/// The data side: opened once the configuration is known to be right.
struct SessionData {
  data::Dataset dataset;
  std::unique_ptr<data::Loader> loader;
  RunIdentity identity;
  std::int64_t total_steps = 0;
};
/// `trace`: false leaves the dataset's folder as it is.
SessionData open_data(const Session& session, bool trace = true);

}  // namespace stgmamba::train
