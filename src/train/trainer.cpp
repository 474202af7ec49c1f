// SPDX-License-Identifier: MIT
#include "stgmamba/train/trainer.hpp"

#include <chrono>
#include <cmath>

#include <torch/torch.h>

#include "stgmamba/io/checkpoint_folder.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/log.hpp"
#include "stgmamba/util/progress.hpp"
#include "stgmamba/util/random.hpp"
#include "stgmamba/util/stop.hpp"

#include "session.hpp"

namespace stgmamba::train {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

namespace {

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Dropout and the like draw from torch's generator; seeding it anew at every step makes them a function of
/// (seed, step) instead of the generator's history.
void seed_step(std::uint64_t seed, std::int64_t step) {
  util::Random random(seed, "torch", static_cast<std::uint64_t>(step));
  const std::uint64_t high = random.bits();
  torch::manual_seed((high << 32U) | random.bits());
}

io::Json batch_ids(const data::Batch& batch) {
  return {{"take", batch.take}, {"source", batch.source}, {"start", batch.start}, {"sample", batch.sample}};
}

/// The loop proper: owns the state of a session while it lasts.
class Loop {
 public:
  Loop(Session& session, SessionData& data, const TrainOptions& options, RunFolder& run, RunState state,
       Clock::time_point began)
      : session_(session),
        data_(data),
        options_(options),
        run_(run),
        state_(std::move(state)),
        began_(began),
        start_step_(state_.step),
        earlier_seconds_(state_.seconds) {}

  TrainSummary run();

 private:
  bool due(std::int64_t every) const {
    return every > 0 && (state_.step % every == 0 || state_.step == data_.total_steps);
  }
  bool should_stop() const {
    return util::stop_requested() || (options_.max_steps >= 0 && state_.step - start_step_ >= options_.max_steps) ||
           overtime();
  }
  bool overtime() const { return options_.max_seconds > 0 && seconds_since(began_) >= options_.max_seconds; }
  bool interrupted() const { return util::stop_requested() || overtime(); }

  data::Batch next_batch();
  void one_step();
  void duties();  // what the current number of steps asks for; safe to ask again after a resume
  void validate();
  void sample();
  void save();
  void require_finite_end() const;
  [[noreturn]] void stop();
  void log_row(const char* kind, const Scalars& scalars);
  [[noreturn]] void diverged(const data::Batch& batch, const StepResult& result);

  Session& session_;
  SessionData& data_;
  const TrainOptions& options_;
  RunFolder& run_;
  RunState state_;
  Clock::time_point began_;
  std::int64_t start_step_;
  double earlier_seconds_;
  TrainSummary summary_;
  double shown_loss_ = 0.0;
};

TrainSummary Loop::run() {
  util::Progress progress("train", data_.total_steps, "step", state_.step);
  if (state_.step > 0) {
    duties();
  }
  if (state_.step < data_.total_steps && !should_stop()) {
    data_.loader->start(state_.step);
  }
  while (state_.step < data_.total_steps) {
    if (should_stop()) {
      progress.finish();
      stop();
    }
    one_step();
    const double wait = 100.0 * data_.loader->seconds_waited() / std::max(1e-9, seconds_since(began_));
    progress.update(state_.step, fmt::format("loss {:.4f}  wait {:.0f}%", shown_loss_, wait));
    duties();
  }
  progress.finish();
  save();
  require_finite_end();
  run_.record_finish(state_.step);
  summary_.run = run_.path();
  summary_.start_step = start_step_;
  summary_.step = state_.step;
  summary_.total_steps = data_.total_steps;
  summary_.seconds = seconds_since(began_);
  summary_.parameters = session_.task->parameter_count();
  return summary_;
}

/// Where data cannot be read any more (a file is gone, a disk fails) the steps until then are kept.
data::Batch Loop::next_batch() {
  try {
    return data_.loader->next();
  } catch (const Error&) {
    if (state_.step > start_step_) {
      save();
      util::log().info("{}: state saved at step {}; the same command goes on from there once the data is whole",
                       run_.path().string(), state_.step);
    }
    throw;
  }
}

void Loop::one_step() {
  const data::Batch batch = next_batch();
  seed_step(session_.seed, state_.step);
  StepContext context{state_.step, data_.total_steps, session_.seed, session_.device};
  const std::int64_t diagnose_every = session_.log.diagnose_every;
  context.diagnose = diagnose_every > 0 && (state_.step + 1) % diagnose_every == 0;
  const StepResult result = session_.task->step(batch, context);
  state_.step += 1;
  state_.metric.reset();
  state_.seconds = earlier_seconds_ + seconds_since(began_);
  const std::string stage = session_.task->stages().front().name;
  shown_loss_ = result.scalars.at(stage + "/loss");
  if (result.skipped.empty()) {
    state_.bad_steps = 0;
  } else {
    state_.bad_steps += 1;
    util::log().warn("step {}: loss or gradient of '{}' is not finite; the step is skipped ({} in a row)", state_.step,
                     result.skipped.front(), state_.bad_steps);
    log_row("skipped", result.scalars);
    if (state_.bad_steps >= session_.train.max_bad_steps) {
      diverged(batch, result);
    }
  }
  if (due(session_.log.every) || context.diagnose) {
    log_row("train", result.scalars);
  }
}

void Loop::duties() {
  if (due(session_.log.eval_every) && state_.validated < state_.step) {
    validate();
  }
  if (due(session_.log.sample_every)) {
    sample();
  }
  if (due(session_.checkpoint.every)) {
    save();
  }
}

void Loop::validate() {
  const std::optional<Scalars> scalars = session_.task->validate([this] { return interrupted(); });
  if (!scalars) {
    stop();
  }
  log_row("val", *scalars);
  summary_.validation = *scalars;
  std::string line;
  for (const auto& [name, value] : *scalars) {
    line += fmt::format("  {} {:.4g}", name, value);
  }
  util::log().info("step {}:{}", state_.step, line);
  const auto metric = scalars->find(session_.checkpoint.metric);
  if (metric != scalars->end() && !std::isfinite(metric->second)) {
    return;  // not counted as validated: the same command, run again, must find out again
  }
  state_.validated = state_.step;
  if (metric == scalars->end()) {
    return;
  }
  state_.metric = metric->second;
  const bool smaller = session_.checkpoint.direction == "smaller";
  if (!state_.best_metric || (smaller ? *state_.metric < *state_.best_metric : *state_.metric > *state_.best_metric)) {
    state_.best_metric = state_.metric;
    if (session_.checkpoint.keep_best > 0) {
      save();
    }
  }
}

void Loop::sample() {
  const fs::path folder = run_.path() / "samples" / io::checkpoint_name(state_.step);
  if (fs::exists(folder)) {
    return;
  }
  util::make_folders(folder.parent_path());
  util::PendingFolder pending(folder);
  if (!session_.task->sample(pending.path(), session_.log.samples, [this] { return interrupted(); })) {
    stop();
  }
  pending.commit();
}

void Loop::save() {
  summary_.checkpoint = run_.save(*session_.task, state_, session_.checkpoint);
}

void Loop::stop() {
  save();
  throw StoppedError("{}: stopped at step {} of {}, state saved; run the same command again to continue",
                     run_.path().string(), state_.step, data_.total_steps);
}

void Loop::log_row(const char* kind, const Scalars& scalars) {
  io::Json row = {{"step", state_.step}, {"kind", kind}, {"seconds", state_.seconds}};
  row["epoch"] = static_cast<double>(state_.step) / static_cast<double>(data_.loader->batches_per_epoch());
  for (const auto& [name, value] : scalars) {
    row[name] = value;
  }
  io::append_json_line(run_.path() / "metrics.jsonl", row);
}

void Loop::diverged(const data::Batch& batch, const StepResult& result) {
  const fs::path file = run_.path() / "crash" / (io::checkpoint_name(state_.step) + ".json");
  util::make_folders(file.parent_path());
  io::write_json(file, {{"step", state_.step}, {"scalars", result.scalars}, {"batch", batch_ids(batch)}});
  throw DivergedError(
      "{}: {} steps in a row were not finite, up to step {}; the last good checkpoint is kept, the batch "
      "is in {}; lower optim.lr or optim.clip_norm",
      run_.path().string(), state_.bad_steps, state_.step, file.string());
}

/// Single steps may be skipped and still leave weights that say nothing.
void Loop::require_finite_end() const {
  const auto metric = summary_.validation.find(session_.checkpoint.metric);
  if (metric != summary_.validation.end() && !std::isfinite(metric->second)) {
    throw DivergedError(
        "{}: ended at step {} with {} = {}; lower optim.lr or optim.clip_norm, under another --run-name",
        run_.path().string(), state_.step, metric->first, metric->second);
  }
}

/// Restores or begins: weights, optimisers, statistics, log.
RunState begin(Session& session, SessionData& data, RunFolder& run, const std::optional<fs::path>& checkpoint) {
  RunState state;
  if (checkpoint) {
    state = run.load(*checkpoint, *session.task);
    util::log().info("{}: continuing from step {}", run.path().string(), state.step);
  } else if (!session.train.init_from.empty()) {
    session.task->load_weights(session.train.init_from, session.init);
  }
  if (state.metric_name != session.checkpoint.metric) {  // another measure of best: its history does not count
    state.metric_name = session.checkpoint.metric;
    state.metric.reset();
    state.best_metric.reset();
  }
  io::truncate_json_lines(run.path() / "metrics.jsonl", "step", state.step);
  session.task->prepare(data.dataset, session.data, !checkpoint && session.train.init_from.empty());
  return state;
}

}  // namespace

fs::path run_folder_of(const TrainOptions& options) {
  const std::string name = options.run_name.empty() ? fs::path(options.config).stem().string() : options.run_name;
  constexpr std::size_t kLongest = 200;  // bytes: a file system allows 255, and files in writing have longer names
  if (name == "." || name == ".." || name.find('/') != std::string::npos || name.size() > kLongest) {
    throw UsageError("--run-name: must be one folder name of at most {} bytes, got '{}'; --runs-dir says where it goes",
                     kLongest, name);
  }
  return options.runs_dir / name;
}

TrainSummary run_training(const TrainOptions& options) {
  const Clock::time_point began = Clock::now();
  std::optional<util::LogFile> log_file;  // outlives the loader's threads
  const fs::path folder = run_folder_of(options);
  Session session = open_session(options);
  SessionData data = open_data(session);
  RunFolder run(folder, data.identity);
  util::make_folders(folder / "logs");
  log_file.emplace(folder / "logs" / "train.log");
  const std::optional<fs::path> checkpoint = run.checkpoint_to_resume(options.resume);
  RunState state = begin(session, data, run, checkpoint);
  util::log().info("{}: {} parameters, {} steps, {} an epoch, on {} with {} threads", run.path().string(),
                   session.task->parameter_count(), data.total_steps, data.loader->batches_per_epoch(),
                   session.device.str(), at::get_num_threads());
  run.record_session(options.command, session.device.str(), session.resolved, state.step, at::get_num_threads());
  return Loop(session, data, options, run, std::move(state), began).run();
}

TrainSummary check_training(const TrainOptions& options) {
  const Clock::time_point began = Clock::now();
  const fs::path folder = run_folder_of(options);
  Session session = open_session(options);
  SessionData data = open_data(session, /*trace=*/false);
  check_identity(folder, data.identity);
  if (!session.train.init_from.empty()) {
    session.task->load_weights(session.train.init_from, session.init);
  }
  session.task->prepare(data.dataset, session.data, session.train.init_from.empty());
  const auto kept = static_cast<std::uintmax_t>(session.checkpoint.keep_last + session.checkpoint.keep_best + 1);
  util::require_free_space(folder, kept * session.task->save_bytes());

  seed_step(session.seed, 0);
  const StepContext context{0, data.total_steps, session.seed, session.device};
  const StepResult result = session.task->step(data.loader->at(0), context);
  if (!result.skipped.empty()) {
    throw DivergedError("{}: the very first loss or gradient is not finite; check the data with stg_data check",
                        options.config);
  }
  int batches = 0;
  session.task->validate([&batches] { return batches++ > 0; });
  TrainSummary summary;
  summary.run = folder;
  summary.total_steps = data.total_steps;
  summary.parameters = session.task->parameter_count();
  summary.seconds = seconds_since(began);
  summary.validation = result.scalars;
  return summary;
}

std::string print_config(const TrainOptions& options, bool sources) {
  return open_session(options).document.resolved(sources);
}

}  // namespace stgmamba::train
