// SPDX-License-Identifier: MIT
#include "stgmamba/data/dataset.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "stgmamba/data/batch.hpp"
#include "stgmamba/skeleton/formats.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/file.hpp"
#include "stgmamba/util/hash.hpp"
#include "stgmamba/util/text.hpp"

#include "data/folder.hpp"

namespace stgmamba::data {

namespace fs = std::filesystem;

namespace {

std::vector<std::string> names_of(const Splits& splits) {
  std::vector<std::string> names;
  for (const auto& [name, ids] : splits) {
    names.push_back(name);
  }
  return names;
}

/// The command that makes or brings the data of a folder that is not there.
std::string remedy(const fs::path& folder) {
  const std::string name = folder.filename().string();
  if (name.rfind("synth-", 0) == 0) {
    return fmt::format("make it with `stg_data synth --preset {} --out {}`", name.substr(6), folder.string());
  }
  return fmt::format("bring your data with `stg_data import ... --out {}` (data/README.md says how)", folder.string());
}

void require_part(const fs::path& folder, const char* part) {
  if (!fs::exists(folder / part)) {
    throw DataError("{}: not a dataset folder, {} is missing; {}", folder.string(), part, remedy(folder));
  }
}

std::string hash_of(const std::vector<TakeInfo>& takes, const Splits& splits) {
  std::string text;
  for (const TakeInfo& info : takes) {
    text += to_json(info).dump() + "\n";  // file hashes are part of a row
  }
  for (const auto& [name, ids] : splits) {
    text += "split " + name + "\n" + split_text(ids);
  }
  return util::hash_text(text);
}

}  // namespace

std::string usual_framing(const std::vector<TakeInfo>& takes) {
  std::map<std::string, std::int64_t> counts;
  std::string usual = Framing().kind;
  for (const TakeInfo& take : takes) {
    if (take.framing.width > 0 && ++counts[take.framing.kind] > counts[usual]) {
      usual = take.framing.kind;
    }
  }
  return usual;
}

skeleton::Placement placement(const Framing& framing, int width, int height) {
  const skeleton::Placement whole = {framing.scale, framing.scale * framing.stretch, framing.left, framing.top};
  return skeleton::resized(whole, framing.width, framing.height, width, height);
}

Dataset Dataset::open(const fs::path& folder) {
  if (folder.empty()) {
    throw DataError(
        "data.root: must name a dataset folder, got nothing; make one with `stg_data synth` or `stg_data import`");
  }
  if (!fs::is_directory(folder)) {
    throw DataError("{}: no dataset folder here; {}", folder.string(), remedy(folder));
  }
  for (const char* part : {kCardFile, kIndexFile, kClipsFolder}) {
    require_part(folder, part);
  }
  Dataset dataset;
  dataset.folder_ = folder;
  dataset.takes_ = read_index(folder);
  dataset.splits_ = read_splits(folder);
  dataset.hash_ = hash_of(dataset.takes_, dataset.splits_);
  std::set<std::string> known;
  for (const TakeInfo& info : dataset.takes_) {
    if (!known.insert(info.id).second) {
      throw DataError("{}: two takes are called '{}'; run `stg_data check {}`", (folder / kIndexFile).string(), info.id,
                      folder.string());
    }
  }
  for (const auto& [name, ids] : dataset.splits_) {
    for (const std::string& id : ids) {
      if (known.count(id) == 0) {
        throw DataError("{}: take '{}' is not in {}; run `stg_data split {}` again",
                        (folder / kSplitsFolder / (name + ".txt")).string(), id, kIndexFile, folder.string());
      }
    }
  }
  return dataset;
}

std::vector<TakeInfo> Dataset::split(const std::string& name, const std::vector<std::string>& styles) const {
  const auto found = splits_.find(name);
  if (found == splits_.end()) {
    throw DataError("{}: has no split '{}', only {}; make it with `stg_data split {}`", folder_.string(), name,
                    splits_.empty() ? "none at all" : util::join(names_of(splits_), ", "), folder_.string());
  }
  for (const std::string& style : styles) {
    if (std::find(kStyles.begin(), kStyles.end(), style) == kStyles.end()) {
      throw DataError("{}: style must be one of {}, got '{}'", folder_.string(), util::join(kStyles, ", "), style);
    }
  }
  std::map<std::string, const TakeInfo*> by_id;
  for (const TakeInfo& info : takes_) {
    by_id[info.id] = &info;
  }
  std::vector<TakeInfo> chosen;
  for (const std::string& id : found->second) {
    const TakeInfo& info = *by_id.at(id);
    if (styles.empty() || std::find(styles.begin(), styles.end(), info.style) != styles.end()) {
      chosen.push_back(info);
    }
  }
  return chosen;
}

Take Dataset::load(const TakeInfo& info) const {
  const fs::path clip = folder_ / kClipsFolder / info.id;
  for (const char* part : {kAudioFile, kPoseFile}) {
    if (!fs::exists(clip / part)) {
      throw DataError("{}: must hold {}, but it is missing; run `stg_data check {}`", clip.string(), part,
                      folder_.string());
    }
  }
  Take take;
  take.info = info;
  take.audio = media::decode_audio(clip / kAudioFile, kSampleRate);
  take.motion = skeleton::read_motion_npz(clip / kPoseFile);
  if (take.motion.frames() != info.frames || std::abs(take.motion.fps - info.fps) > 1e-6) {
    throw DataError("{}: {} frames at {} fps, but the index says {} at {}; run `stg_data check {}`",
                    (clip / kPoseFile).string(), take.motion.frames(), take.motion.fps, info.frames, info.fps,
                    folder_.string());
  }
  return take;
}

}  // namespace stgmamba::data
