// SPDX-License-Identifier: MIT
#include "stgmamba/train/run_folder.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <set>
#include <sstream>

#include <torch/version.h>

#include "stgmamba/io/checkpoint_folder.hpp"
#include "stgmamba/media/video.hpp"
#include "stgmamba/train/trainer.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/hash.hpp"
#include "stgmamba/util/log.hpp"
#include "stgmamba/util/text.hpp"

namespace stgmamba::train {

namespace fs = std::filesystem;

namespace {

constexpr int kStateVersion = 1;

/// Keys that may change from one session of a run to the next.
bool may_change(const std::string& key) {
  static const std::set<std::string> kKeys = {"device",        "data.root",     "data.workers",
                                              "data.prefetch", "data.cache_mb", "train.steps",
                                              "train.epochs",  "train.threads", "train.micro_batch"};
  return kKeys.count(key) > 0 || key.rfind("log.", 0) == 0 || key.rfind("checkpoint.", 0) == 0 ||
         key.rfind("eval.", 0) == 0;
}

std::string now_utc() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

/// What a killed process left under temporary names.
void remove_leftovers(const fs::path& folder) {
  std::vector<fs::path> leftovers;
  if (fs::is_directory(folder)) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      const std::string name = entry.path().filename().string();
      if (name.front() == '.' && name.find(".part") != std::string::npos) {
        leftovers.push_back(entry.path());
      }
    }
  }
  for (const fs::path& path : leftovers) {
    util::log().warn("{}: removing what an interrupted save left", path.string());
    fs::remove_all(path);
  }
}

struct ConfigLine {
  std::string key, text;  // "optim.lr", "  lr: 0.001"
};

/// The lines of a resolved configuration whose keys may not change.
std::vector<ConfigLine> identifying_lines(const std::string& resolved_config) {
  // The resolved text has one key a line and two spaces a level, so a stack of keys gives each line its dotted name.
  std::vector<std::string> stack;
  std::vector<ConfigLine> lines;
  std::string key;
  std::istringstream text(resolved_config);
  for (std::string line; std::getline(text, line);) {
    const std::size_t indent = line.find_first_not_of(' ');
    const std::size_t colon = line.find(':');
    if (indent != std::string::npos && colon != std::string::npos && line[indent] != '-') {
      stack.resize(indent / 2);
      stack.push_back(line.substr(indent, colon - indent));
      key = util::join(stack, ".");
    }  // else: a list item belongs to the key above it
    if (!may_change(key)) {
      lines.push_back({key, line});
    }
  }
  return lines;
}

/// The first keys that two resolved configurations disagree in: "optim.lr: 0.001 there, 0.002 now".
std::string difference(const std::string& there, const std::string& now) {
  constexpr std::size_t kShown = 3;
  std::map<std::string, std::array<std::string, 2>> values;
  for (const std::size_t side : {0U, 1U}) {
    for (const ConfigLine& line : identifying_lines(side == 0 ? there : now)) {
      const std::size_t begin = line.text.find_first_not_of(' ', line.text.find(':') + 1);
      values[line.key][side] += begin == std::string::npos ? "" : line.text.substr(begin);
    }
  }
  std::vector<std::string> different;
  for (const auto& [key, value] : values) {
    if (value[0] != value[1]) {
      const auto shown = [](const std::string& text) { return text.empty() ? "nothing" : text; };
      different.push_back(fmt::format("{}: {} there, {} now", key, shown(value[0]), shown(value[1])));
    }
  }
  const std::size_t more = different.size() - std::min(different.size(), kShown);
  different.resize(different.size() - more);
  return util::join(different, "; ") + (more > 0 ? fmt::format("; and {} more", more) : "");
}

io::Json to_json(const std::optional<double>& value) {
  return value ? io::Json(*value) : io::Json(nullptr);
}

std::optional<double> number_or_none(const io::Json& value) {
  return value.is_number() ? std::optional<double>(value.get<double>()) : std::nullopt;
}

}  // namespace

void read(config::Section section, CheckpointConfig& config) {
  section.read("every", config.every, {.min = 1});
  section.read("keep_last", config.keep_last, {.min = 1});
  section.read("keep_best", config.keep_best, {.min = 0});
  section.read("metric", config.metric);
  section.read("direction", config.direction, std::vector<std::string>{"smaller", "larger"});
}

std::string identity_hash(const std::string& resolved_config) {
  std::string kept;
  for (const ConfigLine& line : identifying_lines(resolved_config)) {
    kept += line.text + '\n';
  }
  return util::hash_text(kept);
}

namespace {

/// The configuration in `folder`, with every option that this build has beside it at its default: a newer build must
/// not refuse what an older one trained. Empty where it is not what was trained, or holds an option that is no more.
std::string in_this_build(const fs::path& folder, const std::string& recorded_hash) {
  const fs::path config = folder / "config.yaml";
  if (!fs::exists(config) || identity_hash(util::read_text(config)) != recorded_hash) {
    return {};
  }
  TrainOptions reading;
  reading.config = config.string();
  reading.overrides = {"device=cpu", "train.threads=0"};  // neither counts, and neither may be set by looking
  try {
    return print_config(reading, false);
  } catch (const Error&) {
    return {};
  }
}

/// Of a run or checkpoint. Throws ConfigError where another configuration made it.
void check_configuration(const fs::path& folder, const std::string& recorded_hash, const RunIdentity& identity,
                         const char* advice) {
  if (recorded_hash == identity.config_hash) {
    return;
  }
  const std::string recorded = in_this_build(folder, recorded_hash);
  if (identity_hash(recorded) == identity.config_hash) {
    return;
  }
  const bool known = !recorded.empty() && !identity.config.empty();
  throw ConfigError("{}: was made with another configuration{}; {}", folder.string(),
                    known ? " (" + difference(recorded, identity.config) + ")" : "", advice);
}

/// What a checkpoint says of itself; nothing where it is torn or damaged.
std::optional<io::Json> state_of(const fs::path& checkpoint) {
  if (!fs::exists(checkpoint / "COMPLETE") || !fs::exists(checkpoint / "state.json")) {
    return std::nullopt;
  }
  try {
    io::Json state = io::read_json(checkpoint / "state.json");
    return state.is_object() ? std::optional(std::move(state)) : std::nullopt;
  } catch (const DataError&) {
    return std::nullopt;
  }
}

}  // namespace

void check_identity(const fs::path& folder, const RunIdentity& identity) {
  const fs::path record = folder / "run.json";
  if (!fs::exists(record)) {
    return;
  }
  io::Json run;
  try {
    run = io::read_json(record);
    run.at("config_hash").get<std::string>();
  } catch (const std::exception&) {
    throw CheckpointError("{}: is unreadable, so nobody knows what was trained here; delete it to go on anyway",
                          record.string());
  }
  check_configuration(folder, run.value("config_hash", ""), identity,
                      "choose another --run-name, or undo what differs from its config.yaml");
  if (run.value("data_hash", "") != identity.data_hash) {
    throw ConfigError("{}: was trained on other data; choose another --run-name, or bring that data back",
                      folder.string());
  }
}

RunFolder::RunFolder(fs::path folder, const RunIdentity& identity) : folder_(std::move(folder)), identity_(identity) {
  check_identity(folder_, identity_);
  util::make_folders(folder_ / "checkpoints");
  lock_ = std::make_unique<util::FileLock>(folder_ / "run.lock");
  remove_leftovers(folder_);
  remove_leftovers(folder_ / "checkpoints");
  remove_leftovers(folder_ / "samples");
}

void RunFolder::record_session(const std::string& command, const std::string& device,
                               const std::string& resolved_config, std::int64_t start_step, int threads) {
  const fs::path path = folder_ / "run.json";
  io::Json run = fs::exists(path) ? io::read_json(path) : io::Json::object();
  run["config_hash"] = identity_.config_hash;
  run["data_hash"] = identity_.data_hash;
  run["seed"] = identity_.seed;
  run["command"] = command;
  run["device"] = device;
  run["finished"] = false;
  run["versions"] = {{"stgmamba", STG_VERSION},
                     {"libtorch", TORCH_VERSION},
                     {"ffmpeg", media::ffmpeg_version()},
                     {"opencv", media::opencv_version()}};
  io::Json& sessions = run["sessions"];
  if (!sessions.is_array()) {
    sessions = io::Json::array();
  }
  sessions.push_back({{"began", now_utc()},
                      {"from_step", start_step},
                      {"command", command},
                      {"device", device},
                      {"threads", threads}});
  util::write_text(folder_ / "config.yaml", resolved_config);
  io::write_json(path, run);
}

void RunFolder::record_finish(std::int64_t step) {
  io::Json run = io::read_json(folder_ / "run.json");
  run["finished"] = true;
  run["steps"] = step;
  run["ended"] = now_utc();
  io::write_json(folder_ / "run.json", run);
}

std::optional<fs::path> RunFolder::checkpoint_to_resume(const std::string& resume) {
  const std::vector<std::int64_t> steps = io::checkpoint_steps(folder_);
  if (resume == "auto") {
    auto newest = io::newest_checkpoint(folder_);
    if (!newest && fs::exists(folder_ / "last")) {  // it had whole ones: starting again would write over its history
      throw CheckpointError(
          "{}: was trained, but none of its {} checkpoints is whole; bring one back, or give another "
          "--run-name to start again",
          folder_.string(), steps.size());
    }
    if (!newest && !steps.empty()) {
      util::log().warn("{}: none of {} checkpoints is whole; starting again from the first step", folder_.string(),
                       steps.size());
    }
    return newest;
  }
  if (resume == "never") {
    if (!steps.empty()) {
      throw ConfigError("{}: holds a run up to step {}; give another --run-name, or --resume auto to continue it",
                        folder_.string(), steps.back());
    }
    return std::nullopt;
  }
  const fs::path chosen = io::find_checkpoint(folder_, resume);
  std::error_code ignored;
  if (fs::equivalent(chosen.parent_path(), folder_ / "checkpoints", ignored)) {
    rewind_to(io::read_json(chosen / "state.json").at("step").get<std::int64_t>());
  } else if (!steps.empty()) {
    throw ConfigError("{}: holds a run up to step {}; give another --run-name to continue {} there", folder_.string(),
                      steps.back(), chosen.string());
  }
  return chosen;
}

void RunFolder::rewind_to(std::int64_t step) const {
  for (const std::int64_t newer : io::checkpoint_steps(folder_)) {
    if (newer <= step) {
      continue;
    }
    const fs::path from = folder_ / "checkpoints" / io::checkpoint_name(newer);
    const fs::path to = folder_ / "rewound" / io::checkpoint_name(newer);
    util::make_folders(to.parent_path());
    fs::remove_all(to);
    fs::rename(from, to);
    util::log().warn("{}: moved to {}, for the run continues from step {}", from.string(), to.string(), step);
  }
}

fs::path RunFolder::save(const Task& task, const RunState& state, const CheckpointConfig& config) {
  const std::string name = io::checkpoint_name(state.step);
  fs::path target = folder_ / "checkpoints" / name;
  if (!is_saved(target, state)) {
    util::require_free_space(folder_, task.save_bytes());
    util::PendingFolder pending(target);
    task.save(pending.path());
    write_state(pending.path() / "state.json", state, task.extra_state());
    if (fs::exists(folder_ / "config.yaml")) {  // a checkpoint that travels alone still says what it is
      util::write_text(pending.path() / "config.yaml", util::read_text(folder_ / "config.yaml"));
    }
    io::seal_checkpoint(pending.path());
    const fs::path old = target.parent_path() / ("." + name + ".old.part");
    if (fs::exists(target)) {
      fs::remove_all(old);
      fs::rename(target, old);
    }
    pending.commit();
    fs::remove_all(old);
  }
  util::write_text(folder_ / "last", name + "\n");
  prune(config);
  return target;
}

bool RunFolder::is_saved(const fs::path& target, const RunState& state) const {
  if (!fs::exists(target)) {
    return false;
  }
  const std::string damage = io::checkpoint_damage(target);
  if (!damage.empty()) {
    util::log().warn("{}: {}; saving it again", target.string(), damage);
    return false;
  }
  // A stop during validation saves the step without its metric; the next session validates and saves it again.
  return io::read_json(target / "state.json").value("validated", std::int64_t{-1}) >= state.validated;
}

void RunFolder::write_state(const fs::path& path, const RunState& state, const io::Json& task) const {
  io::write_json(path, {{"version", kStateVersion},
                        {"step", state.step},
                        {"seed", identity_.seed},
                        {"rng", "counter-based: every draw is a function of seed, step and sample"},
                        {"bad_steps", state.bad_steps},
                        {"validated", state.validated},
                        {"metric_name", state.metric_name},
                        {"metric", to_json(state.metric)},
                        {"best_metric", to_json(state.best_metric)},
                        {"seconds", state.seconds},
                        {"task", task},
                        {"versions", {{"stgmamba", STG_VERSION}, {"libtorch", TORCH_VERSION}}},
                        {"config_hash", identity_.config_hash},
                        {"data_hash", identity_.data_hash}});
}

RunState RunFolder::load(const fs::path& checkpoint, Task& task) const {
  RunState state;
  try {
    const io::Json stored = io::read_json(checkpoint / "state.json");
    if (stored.at("version").get<int>() != kStateVersion) {
      throw CheckpointError("{}: state.json has version {}, this program reads {}", checkpoint.string(),
                            stored.at("version").get<int>(), kStateVersion);
    }
    check_configuration(checkpoint, stored.at("config_hash").get<std::string>(), identity_,
                        "start from its weights with --init-from instead");
    state.step = stored.at("step").get<std::int64_t>();
    state.bad_steps = stored.at("bad_steps").get<std::int64_t>();
    state.validated = stored.at("validated").get<std::int64_t>();
    state.metric_name = stored.at("metric_name").get<std::string>();
    state.metric = number_or_none(stored.at("metric"));
    state.best_metric = number_or_none(stored.at("best_metric"));
    state.seconds = stored.at("seconds").get<double>();
    task.set_extra_state(stored.at("task"));
  } catch (const io::Json::exception& error) {
    throw CheckpointError("{}: state.json lacks something: {}", checkpoint.string(), error.what());
  }
  task.load(checkpoint);
  return state;
}

void RunFolder::prune(const CheckpointConfig& config) const {
  std::vector<std::int64_t> whole;                     // ascending
  std::vector<std::pair<double, std::int64_t>> rated;  // smaller is better; ties go to the older
  for (const std::int64_t step : io::checkpoint_steps(folder_)) {
    const std::optional<io::Json> state = state_of(folder_ / "checkpoints" / io::checkpoint_name(step));
    if (!state) {
      continue;
    }
    whole.push_back(step);
    const auto metric = number_or_none(state->value("metric", io::Json()));
    if (metric && state->value("metric_name", "") == config.metric) {
      rated.emplace_back(config.direction == "smaller" ? *metric : -*metric, step);
    }
  }
  std::sort(rated.begin(), rated.end());
  rated.resize(std::min(rated.size(), static_cast<std::size_t>(config.keep_best)));
  std::set<std::int64_t> keep(whole.end() - std::min<std::ptrdiff_t>(config.keep_last, std::ssize(whole)), whole.end());
  for (const auto& [value, step] : rated) {
    keep.insert(step);
  }
  if (!rated.empty()) {
    util::write_text(folder_ / "best", io::checkpoint_name(rated.front().second) + "\n");
  }
  const std::int64_t newest = whole.empty() ? 0 : whole.back();
  for (const std::int64_t step : io::checkpoint_steps(folder_)) {
    if (step < newest && keep.count(step) == 0) {
      fs::remove_all(folder_ / "checkpoints" / io::checkpoint_name(step));
    }
  }
}

}  // namespace stgmamba::train
