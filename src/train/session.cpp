// SPDX-License-Identifier: MIT
#include "session.hpp"

#include <algorithm>

#include <torch/torch.h>

#include "stgmamba/train/tensors.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/text.hpp"

namespace stgmamba::train {

void read(config::Section section, TrainConfig& config) {
  section.read("steps", config.steps, {.min = 0});
  section.read("epochs", config.epochs, {.min = 1});
  section.read("max_bad_steps", config.max_bad_steps, {.min = 1});
  section.read("threads", config.threads, {.min = 0, .max = 1024});
  section.read("init_from", config.init_from);
  section.read("init_map", config.init_map);
  section.read("allow_missing", config.allow_missing);
}

void read(const config::Section& root, LogConfig& config) {
  config::Section log = root.section("log");
  log.read("every", config.every, {.min = 1});
  log.read("diagnose_every", config.diagnose_every, {.min = 0});
  log.read("sample_every", config.sample_every, {.min = 0});
  log.read("samples", config.samples, {.min = 1});
  root.section("eval").read("every", config.eval_every, {.min = 0});
}

namespace {

void check_metric(const Session& session) {
  const std::vector<std::string> known = session.task->validation_metrics();
  if (session.checkpoint.metric.empty() ||
      std::find(known.begin(), known.end(), session.checkpoint.metric) != known.end()) {
    return;
  }
  throw ConfigError("{}: 'checkpoint.metric' must be one of {}, got '{}'",
                    session.document.root().section("checkpoint").where("metric"), util::join(known, ", "),
                    session.checkpoint.metric);
}

/// How the weights of train.init_from are read.
weights::LoadOptions init_options(const config::Section& section, const TrainConfig& config) {
  const std::pair<const char*, bool> options[] = {{"init_map", !config.init_map.empty()},
                                                  {"allow_missing", !config.allow_missing.empty()}};
  for (const auto& [key, given] : options) {
    if (given && config.init_from.empty()) {
      throw ConfigError("{}: 'train.{}' is about the weights of train.init_from, which is not set", section.where(key),
                        key);
    }
  }
  return {config.init_map.empty() ? weights::NameMap() : weights::NameMap::load(config.init_map), config.allow_missing};
}

void use_device(const Session& session) {
  if (session.train.threads > 0) {
    at::set_num_threads(session.train.threads);
  }
  if (session.device.is_cuda()) {
    at::globalContext().setBenchmarkCuDNN(false);  // tuning picks other kernels from run to run
    at::globalContext().setDeterministicCuDNN(true);
  }
}

}  // namespace

Session open_session(const TrainOptions& options) {
  std::vector<std::string> overrides = options.overrides;
  if (!options.init_from.empty()) {
    overrides.push_back("train.init_from=" + options.init_from);
  }
  if (!options.init_map.empty()) {
    overrides.push_back("train.init_map=" + options.init_map);
  }
  if (!options.allow_missing.empty()) {  // quoted: a bare * means something to YAML
    overrides.push_back("train.allow_missing=[\"" + util::join(options.allow_missing, "\", \"") + "\"]");
  }
  Session session(config::Document::load(config::find_config(options.config), overrides));
  config::Section root = session.document.root();
  std::string device = "auto";
  root.read("device", device);
  session.device = device_from_name(device, root.where("device"));
  root.read("seed", session.seed);
  data::read(root.section("data"), session.data);
  read(root.section("train"), session.train);
  session.init = init_options(root.section("train"), session.train);
  read(root, session.log);
  read(root.section("checkpoint"), session.checkpoint);
  use_device(session);
  session.task = make_task(root, session.seed, session.device);
  session.data.features = session.task->music_features();
  session.document.finish();
  session.resolved = session.document.resolved(false);
  check_metric(session);
  return session;
}

SessionData open_data(const Session& session, bool trace) {
  session.task->require_files();
  data::Dataset dataset = data::Dataset::open(session.data.root);
  dataset.keep_music(trace);
  auto loader = std::make_unique<data::Loader>(session.task->training_source(dataset, session.data, session.seed),
                                               session.data.workers, session.data.prefetch);
  const std::int64_t per_epoch = loader->batches_per_epoch();
  if (per_epoch < 1) {
    throw DataError("{}: the training split fills no batch of {} windows; lower data.batch_size or add takes",
                    session.data.root, session.data.batch_size);
  }
  const std::int64_t steps = session.train.steps > 0 ? session.train.steps : session.train.epochs * per_epoch;
  RunIdentity identity{identity_hash(session.resolved), dataset.hash(), session.seed, session.resolved};
  return {std::move(dataset), std::move(loader), std::move(identity), steps};
}

}  // namespace stgmamba::train
