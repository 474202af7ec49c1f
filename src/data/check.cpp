// SPDX-License-Identifier: MIT
#include "stgmamba/data/check.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "stgmamba/data/batch.hpp"
#include "stgmamba/data/dataset.hpp"
#include "stgmamba/data/film.hpp"
#include "stgmamba/io/npz.hpp"
#include "stgmamba/media/video.hpp"
#include "stgmamba/skeleton/formats.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/file.hpp"
#include "stgmamba/util/hash.hpp"
#include "stgmamba/util/text.hpp"

#include "data/folder.hpp"

namespace stgmamba::data {

namespace fs = std::filesystem;

namespace {

constexpr double kWindowSeconds = 5.0;  // of training, at the default data.frames
constexpr const char* kMakeAgain = "import or make the dataset again";

class Check {
 public:
  Check(fs::path folder, const CheckOptions& options) : folder_(std::move(folder)), options_(options) {}

  std::vector<Finding> run() {
    if (std::error_code none; fs::file_size(folder_ / kCardFile, none) == 0) {
      error(kCardFile, "is empty: nobody knows the origin and licence of the data", kMakeAgain);
    } else if (!fs::exists(folder_ / kCardFile)) {
      error(kCardFile, "is missing: nobody knows the origin and licence of the data", kMakeAgain);
    }
    if (!read_rows()) {
      return std::move(findings_);
    }
    check_splits();
    check_strays();
    for (const TakeInfo& info : takes_) {
      check_take(info);
    }
    return std::move(findings_);
  }

 private:
  void error(const std::string& where, const std::string& what, const std::string& remedy) {
    findings_.push_back({Severity::kError, where, what, remedy});
  }
  void warn(const std::string& where, const std::string& what, const std::string& remedy) {
    findings_.push_back({Severity::kWarning, where, what, remedy});
  }

  bool read_rows() {
    if (!fs::exists(folder_ / kIndexFile)) {
      error(kIndexFile, "is missing", kMakeAgain);
      return false;
    }
    std::vector<io::Json> rows;
    try {
      rows = io::read_json_lines(folder_ / kIndexFile);
    } catch (const Error& problem) {
      error(kIndexFile, problem.what(), kMakeAgain);
      return false;
    }
    std::set<std::string> seen;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::string where = fmt::format("{}: row {}", kIndexFile, i + 1);
      try {
        takes_.push_back(take_from_json(rows[i], where));
      } catch (const Error& problem) {
        error(where, problem.what(), "remove the row or make the dataset again");
        continue;
      }
      if (!seen.insert(takes_.back().id).second) {
        error(where, "the id '" + takes_.back().id + "' comes twice", "remove one of the rows");
        takes_.pop_back();
      }
    }
    if (takes_.empty()) {
      error(kIndexFile, "holds no takes", kMakeAgain);
    }
    return true;
  }

  void check_splits() {
    const std::string remedy = "run `stg_data split` on the folder";
    const Splits splits = read_splits(folder_);
    for (const char* name : {"train", "val", "test"}) {
      if (splits.count(name) == 0) {
        error(fmt::format("{}/{}.txt", kSplitsFolder, name), "is missing", remedy);
      }
    }
    std::map<std::string, const TakeInfo*> by_id;
    for (const TakeInfo& info : takes_) {
      by_id[info.id] = &info;
    }
    std::map<std::string, std::set<std::string>> of_take, of_source, of_song, of_person;
    for (const auto& [name, ids] : splits) {
      const std::string where = fmt::format("{}/{}.txt", kSplitsFolder, name);
      if (ids.empty()) {
        error(where, "is empty", "give more videos or songs, then " + remedy);
      }
      for (const std::string& id : ids) {
        const auto found = by_id.find(id);
        if (found == by_id.end()) {
          error(where, fmt::format("names '{}', which {} does not hold", id, kIndexFile), remedy);
          continue;
        }
        of_take[id].insert(name);
        of_source[found->second->source].insert(name);
        if (!found->second->song.empty()) {
          of_song[found->second->song].insert(name);
        }
        if (!found->second->person.empty()) {
          of_person[found->second->person].insert(name);
        }
      }
    }
    const auto train = splits.find("train");
    if (train != splits.end() && !train->second.empty() &&
        std::none_of(train->second.begin(), train->second.end(), [&](const std::string& id) {
          return by_id.count(id) > 0 && static_cast<double>(by_id[id]->frames) / by_id[id]->fps >= kWindowSeconds;
        })) {
      const bool films =
          std::any_of(takes_.begin(), takes_.end(), [](const auto& info) { return info.framing.width > 0; });
      const std::string where = fmt::format("{}/train.txt", kSplitsFolder);
      const std::string what = fmt::format("no take lasts {:.0f} s, a training window's length", kWindowSeconds);
      if (films) {
        warn(where, what + " of music to skeleton (films need data.frames + 1 pictures)", "give longer takes");
      } else {
        error(where, what, "give longer takes");
      }
    }
    for (const std::string& source : held_out_ends(takes_)) {
      bool whole = true;  // beginnings in train alone, ends anywhere else
      for (const TakeInfo& info : takes_) {
        const bool end = info.id.ends_with(kTail);
        for (const std::string& split : info.source == source ? of_take[info.id] : std::set<std::string>()) {
          whole = whole && end != (split == "train");
        }
      }
      if (whole && of_source.erase(source) > 0) {
        warn(kSplitsFolder, "only the end of '" + source + "' is held out: scores say nothing about other people",
             "bring further videos to learn what a network makes of strangers");
      }
    }
    report_leaks("source", of_source);
    report_leaks("song", of_song);
    report_leaks("person", of_person);
    for (const auto& [id, info] : by_id) {
      if (!splits.empty() && of_take.count(id) == 0) {
        warn(kSplitsFolder, "take '" + id + "' is in no split and never used", remedy);
      }
    }
  }

  void report_leaks(const std::string& kind, const std::map<std::string, std::set<std::string>>& parts) {
    for (const auto& [name, splits] : parts) {
      if (splits.size() > 1) {
        const std::vector<std::string> list(splits.begin(), splits.end());
        error(kSplitsFolder, fmt::format("{} '{}' leaks: it is in {}", kind, name, util::join(list, " and ")),
              "run `stg_data split` on the folder, which keeps sources and songs together");
      }
    }
  }

  void check_strays() {
    if (!fs::is_directory(folder_ / kClipsFolder)) {
      return;
    }
    std::set<std::string> known;
    for (const TakeInfo& info : takes_) {
      known.insert(info.id);
    }
    std::set<std::string> strays;
    for (const auto& entry : fs::directory_iterator(folder_ / kClipsFolder)) {
      if (known.count(entry.path().filename().string()) == 0) {
        strays.insert(entry.path().filename().string());
      }
    }
    for (const std::string& name : strays) {
      warn(fmt::format("{}/{}", kClipsFolder, name), fmt::format("is not in {}", kIndexFile),
           "remove it, or make the dataset again");
    }
  }

  void check_take(const TakeInfo& info) {
    const std::string clip = fmt::format("{}/{}", kClipsFolder, info.id);
    if (std::find(kStyles.begin(), kStyles.end(), info.style) == kStyles.end()) {
      error(clip, fmt::format("unknown style '{}'", info.style), "use one of " + util::join(kStyles, ", "));
    }
    bool whole = true;
    std::vector<const char*> parts = {kAudioFile, kPoseFile};
    const bool folder_of_pictures = fs::is_directory(folder_ / clip / kFramesFolder);
    if (info.framing.width > 0 && !folder_of_pictures) {
      parts.push_back(kVideoFile);
    }
    for (const char* part : parts) {
      const fs::path path = folder_ / clip / part;
      const std::string where = fmt::format("{}/{}", clip, part);
      if (!fs::exists(path)) {
        error(where, "is missing", kMakeAgain);
        whole = false;
        continue;
      }
      const auto hash = info.hashes.find(part);
      if (hash == info.hashes.end()) {
        warn(where, fmt::format("has no hash in {}", kIndexFile), kMakeAgain);
      } else if (options_.hashes && util::hash_file(path) != hash->second) {
        error(where, "its content changed: the hash is another than the index says",
              "bring the file back from a copy, or make the dataset again");
      }
    }
    if (info.framing.width > 0) {
      check_framing(info.framing, clip);
    }
    if (whole && options_.content) {
      check_content(info, clip);
    }
  }

  void check_framing(const Framing& framing, const std::string& clip) {
    const auto positive = [](double x) { return std::isfinite(x) && x > 0.0; };
    if (!positive(framing.scale) || !positive(framing.stretch) || !std::isfinite(framing.left) ||
        !std::isfinite(framing.top) || std::find(kFramings.begin(), kFramings.end(), framing.kind) == kFramings.end()) {
      error(clip,
            fmt::format("framing: scale and stretch must be above 0 and its kind one of {}, got {}, {} and '{}'",
                        util::join(kFramings, ", "), framing.scale, framing.stretch, framing.kind),
            kMakeAgain);
    }
  }

  /// Poses that the framing puts outside the picture cannot be what the picture shows.
  void check_inside(const TakeInfo& info, const skeleton::Motion& motion, const std::string& clip) {
    constexpr double kInside = 0.5;
    const skeleton::Placement to = placement(info.framing, info.framing.width, info.framing.height);
    std::int64_t seen = 0, inside = 0;
    for (std::int64_t f = 0; f < motion.frames(); ++f) {
      for (int v = 0; v < skeleton::kJoints; ++v) {
        if (!motion.missing(f, v)) {
          const double x = (motion.x(f, v) - to.left) * to.scale_x, y = (motion.y(f, v) - to.top) * to.scale_y;
          ++seen;
          inside += x >= 0 && y >= 0 && x <= info.framing.width && y <= info.framing.height ? 1 : 0;
        }
      }
    }
    if (static_cast<double>(inside) < kInside * static_cast<double>(seen)) {
      error(clip, fmt::format("framing: {} of {} joints lie in the picture", inside, seen), kMakeAgain);
    }
  }

  /// Every picture of a folder, as training reads them.
  void check_pictures(const TakeInfo& info, const std::string& where) {
    constexpr std::int64_t kAtOnce = 64;
    try {
      const FilmReader reader(Dataset::open(folder_), info.framing.width, 0);
      for (std::int64_t first = 0; first < info.frames; first += kAtOnce) {
        std::vector<std::int64_t> frames(static_cast<std::size_t>(std::min(kAtOnce, info.frames - first)));
        std::iota(frames.begin(), frames.end(), first);
        reader.cut(info, frames);
      }
    } catch (const Error& problem) {
      error(where, problem.what(), kMakeAgain);
    }
  }

  void check_content(const TakeInfo& info, const std::string& clip) {
    skeleton::Motion motion;
    media::Audio audio;
    try {
      motion = skeleton::read_motion_npz(folder_ / clip / kPoseFile);
      audio = media::decode_audio(folder_ / clip / kAudioFile, kSampleRate);
    } catch (const Error& problem) {
      error(clip, problem.what(), kMakeAgain);
      return;
    }
    if (info.framing.width > 0) {
      if (fs::is_directory(folder_ / clip / kFramesFolder)) {
        check_pictures(info, clip + "/" + kFramesFolder);
      } else {
        check_video(info, clip + "/" + kVideoFile);
      }
      check_inside(info, motion, clip);
    }
    const std::string pose = clip + "/" + kPoseFile;
    if (const std::size_t broken = seen_without_place(folder_ / pose); broken > 0) {
      error(pose, fmt::format("{} joints are NaN or infinite though their score says that they were seen", broken),
            "mark them as missing (NaN with score 0), or detect the poses again");
    }
    if (motion.frames() != info.frames || std::abs(motion.fps - info.fps) > 1e-6) {
      error(pose,
            fmt::format("ragged: {} frames at {} fps, the index says {} at {}", motion.frames(), motion.fps,
                        info.frames, info.fps),
            kMakeAgain);
    }
    const double apart = audio.seconds() - motion.seconds();
    if (std::abs(apart) > 1.0 / motion.fps + 1e-6) {
      error(clip,
            fmt::format("sound lasts {:.3f} s and poses {:.3f} s, more than a frame apart", audio.seconds(),
                        motion.seconds()),
            "cut both to the same stretch of the video and import again");
    }
    const bool silent =
        std::all_of(audio.samples.begin(), audio.samples.end(), [](float s) { return std::abs(s) < 1e-4F; });
    if (silent) {
      warn(clip + "/" + kAudioFile, "is silent", "import again with the music");
    }
    const double missing = skeleton::missing_share(motion);
    if (missing > options_.max_missing) {
      error(pose,
            fmt::format("{:.1f} % of the joints are missing, at most {:.1f} % may", 100 * missing,
                        100 * options_.max_missing),
            "leave the take out, or detect its poses again");
    }
    const double frozen = longest_freeze(motion);
    if (frozen > options_.max_frozen_seconds) {
      error(pose, fmt::format("the pose stands still for {:.1f} s", frozen),
            "look at it with `stg_data show`; leave the take out when the tracker was stuck, or allow it with "
            "--max-frozen");
    }
  }

  void check_video(const TakeInfo& info, const std::string& where) {
    std::int64_t frames = 0;
    media::Image frame;
    try {
      media::VideoReader reader(folder_ / where);
      for (double seconds = 0.0; reader.next(frame, seconds);) {
        ++frames;
      }
    } catch (const Error& problem) {
      error(where, problem.what(), kMakeAgain);
      return;
    }
    if (frames != info.frames || frame.width != info.framing.width || frame.height != info.framing.height) {
      error(where,
            fmt::format("{} pictures of {}x{}, the index says {} of {}x{}", frames, frame.width, frame.height,
                        info.frames, info.framing.width, info.framing.height),
            kMakeAgain);
    }
  }

  /// Joints of the file itself (reading makes them missing) that have a score and no finite place.
  static std::size_t seen_without_place(const fs::path& path) {
    const auto arrays = io::read_npz(path);
    const std::vector<float> xy = io::to_float(arrays.at("xy"));
    const std::vector<float> score = io::to_float(arrays.at("score"));
    std::size_t count = 0;
    for (std::size_t i = 0; i < score.size(); ++i) {
      const bool placed = std::isfinite(xy[2 * i]) && std::isfinite(xy[2 * i + 1]);
      count += score[i] > 0.0F && !placed ? 1 : 0;
    }
    return count;
  }

  /// Longest stretch, in seconds, in which no joint moves at all.
  static double longest_freeze(const skeleton::Motion& motion) {
    std::int64_t run = 0, longest = 0;
    constexpr std::size_t kValues = skeleton::kJoints * 2;
    for (std::int64_t f = 1; f < motion.frames(); ++f) {
      const float* now = motion.xy.data() + static_cast<std::size_t>(f) * kValues;
      const float* before = now - kValues;
      const bool same = std::equal(now, now + kValues, before, [](float a, float b) {
        return std::abs(a - b) < 1e-4F || (std::isnan(a) && std::isnan(b));
      });
      run = same ? run + 1 : 0;
      longest = std::max(longest, run);
    }
    return static_cast<double>(longest) / motion.fps;
  }

  fs::path folder_;
  CheckOptions options_;
  std::vector<TakeInfo> takes_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> check_dataset(const fs::path& folder, const CheckOptions& options) {
  if (!fs::is_directory(folder)) {
    throw DataError("{}: must be a dataset folder, but there is none; `stg_data synth` and `stg_data import` make one",
                    folder.string());
  }
  return Check(folder, options).run();
}

}  // namespace stgmamba::data
