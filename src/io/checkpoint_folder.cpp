// SPDX-License-Identifier: MIT
#include "stgmamba/io/checkpoint_folder.hpp"

#include <algorithm>

#include "stgmamba/io/json_lines.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/file.hpp"
#include "stgmamba/util/hash.hpp"
#include "stgmamba/util/log.hpp"
#include "stgmamba/util/text.hpp"

namespace stgmamba::io {
namespace fs = std::filesystem;
namespace {

constexpr const char* kMarker = "COMPLETE";
constexpr std::string_view kPrefix = "step_";

bool parse_step(const std::string& name, std::int64_t& step) {
  long long value = 0;
  if (!name.starts_with(kPrefix) || !util::parse_integer(std::string_view(name).substr(kPrefix.size()), value) ||
      checkpoint_name(value) != name) {  // a copy called step_12 is not ours
    return false;
  }
  step = value;
  return true;
}

/// The checkpoint that runs/<name>/last or best names; empty when the file is absent.
fs::path pointed(const fs::path& run, const std::string& pointer) {
  if (!fs::exists(run / pointer)) {
    return {};
  }
  std::string name = util::read_text(run / pointer);
  name.erase(std::find(name.begin(), name.end(), '\n'), name.end());
  return run / "checkpoints" / name;
}

}  // namespace

std::string checkpoint_name(std::int64_t step) {
  return fmt::format("{}{:09}", kPrefix, step);
}

std::string averaged_name(const std::string& network) {
  return network + "_ema";
}

void seal_checkpoint(const fs::path& checkpoint) {
  Json hashes = Json::object();
  for (const auto& entry : fs::directory_iterator(checkpoint)) {
    const std::string name = entry.path().filename().string();
    if (name != kMarker) {  // sealing again replaces it
      hashes[name] = util::hash_file(entry.path());
    }
  }
  write_json(checkpoint / kMarker, hashes);
}

std::string checkpoint_damage(const fs::path& checkpoint) {
  if (!fs::is_directory(checkpoint)) {
    return "no such folder";
  }
  if (!fs::exists(checkpoint / kMarker)) {
    return "no COMPLETE marker: the save was interrupted";
  }
  const Json hashes = Json::parse(util::read_text(checkpoint / kMarker), nullptr, false);
  if (!hashes.is_object()) {
    return "COMPLETE: unreadable";
  }
  for (const auto& [name, hash] : hashes.items()) {
    if (!fs::exists(checkpoint / name)) {
      return name + ": missing";
    }
    if (!fs::is_regular_file(checkpoint / name)) {
      return name + ": not a file";
    }
    if (!hash.is_string() || util::hash_file(checkpoint / name) != hash.get<std::string>()) {
      return name + ": content changed since it was saved";
    }
  }
  return "";
}

std::vector<std::int64_t> checkpoint_steps(const fs::path& run) {
  std::vector<std::int64_t> steps;
  if (fs::is_directory(run / "checkpoints")) {
    for (const auto& entry : fs::directory_iterator(run / "checkpoints")) {
      std::int64_t step = 0;
      if (entry.is_directory() && parse_step(entry.path().filename().string(), step)) {
        steps.push_back(step);
      }
    }
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

std::optional<fs::path> newest_checkpoint(const fs::path& run) {
  std::vector<std::int64_t> steps = checkpoint_steps(run);
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    const fs::path checkpoint = run / "checkpoints" / checkpoint_name(*step);
    const std::string damage = checkpoint_damage(checkpoint);
    if (damage.empty()) {
      return checkpoint;
    }
    util::log().warn("{}: {}; falling back to the checkpoint before it", checkpoint.string(), damage);
  }
  return std::nullopt;
}

fs::path find_checkpoint(const fs::path& run, const std::string& which) {
  fs::path found;
  long long step = 0;
  if (which == "last") {
    const auto newest = newest_checkpoint(run);
    if (!newest) {
      throw CheckpointError("{}: holds no whole checkpoint; train it first with stg_train", run.string());
    }
    return *newest;
  }
  if (which == "best") {
    found = pointed(run, "best");
  } else if (util::parse_integer(which, step)) {
    found = run / "checkpoints" / checkpoint_name(step);
  } else {
    // As given from here, else inside the run ("step_000012000").
    const fs::path inside = run / "checkpoints" / which;
    found = !fs::exists(which) && fs::exists(inside) ? inside : fs::path(which);
  }
  const std::string damage = found.empty() ? "not recorded yet" : checkpoint_damage(found);
  if (!damage.empty()) {
    std::vector<std::string> existing;
    for (const std::int64_t known : checkpoint_steps(run)) {
      existing.push_back(std::to_string(known));
    }
    throw CheckpointError("{}: checkpoint '{}' cannot be used: {}; steps in this run: {}", run.string(), which, damage,
                          existing.empty() ? "none" : util::join(existing, ", "));
  }
  return found;
}

}  // namespace stgmamba::io
