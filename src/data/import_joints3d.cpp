// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <map>

#include "stgmamba/util/error.hpp"

#include "data/importer.hpp"

namespace stgmamba::data {

namespace fs = std::filesystem;

namespace {

/// "60_01" -> "01": partners of one performance share the number. Empty when the name is of another kind.
std::string take_number(const std::string& stem) {
  const auto digits = [](const std::string& text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  const std::size_t bar = stem.find('_');
  if (bar == std::string::npos || !digits(stem.substr(0, bar)) || !digits(stem.substr(bar + 1))) {
    return {};
  }
  return stem.substr(bar + 1);
}

/// Hands songs out: sources take turns over the songs, and a song goes on where the source before left it.
class SongBook {
 public:
  explicit SongBook(const Joints3dOptions& options)
      : options_(options), next_(options.songs.size(), options.song_start) {}

  /// A new source; `before` is how long the last one danced.
  void turn(double before) {
    if (options_.songs.empty()) {
      return;  // silent
    }
    if (source_ >= 0) {
      next_[song()] += before;
    }
    ++source_;
  }

  media::Audio play(double seconds, TakeInfo& info) {
    const fs::path& path = options_.songs[song()];
    info.song = path.parent_path().filename().string() + "/" + path.filename().string();
    const auto found = lengths_.find(song());
    const double length = found != lengths_.end() ? found->second : (lengths_[song()] = media::audio_seconds(path));
    if (next_[song()] + seconds > length) {
      next_[song()] = options_.song_start;
    }
    return media::decode_audio(path, kSampleRate, {next_[song()], seconds});
  }

 private:
  std::size_t song() const { return static_cast<std::size_t>(source_) % options_.songs.size(); }

  const Joints3dOptions& options_;
  std::vector<double> next_;  // s, per song
  std::map<std::size_t, double> lengths_;
  std::int64_t source_ = -1;
};

}  // namespace

ImportReport import_joints3d(const std::vector<fs::path>& files, const std::string& style,
                             const Joints3dOptions& joints3d, const ImportOptions& options) {
  require_style(style);
  if (!(joints3d.speed >= 0.1 && joints3d.speed <= 10)) {
    throw UsageError("--speed must lie between 0.1 and 10, got {}", joints3d.speed);
  }
  const bool silent = joints3d.songs.empty();
  if (silent && !options.allow_silent) {
    throw UsageError("3-D motion has no sound of its own; give songs, or allow silence with --allow-silent");
  }
  const bool partners = std::all_of(files.begin(), files.end(),
                                    [](const fs::path& file) { return !take_number(file.stem().string()).empty(); });
  std::map<std::string, std::vector<fs::path>> sources;
  for (const fs::path& file : files) {
    const std::string stem = file.stem().string();
    sources[partners ? "take_" + take_number(stem) : as_id(stem)].push_back(file);
  }
  Importer importer(options,
                    fmt::format("3-D motion of {} files, projected to 640x360{}", files.size(),
                                silent ? "" : "; music paired with the motion afterwards"),
                    silent);
  if (partners) {
    importer.report().notes.push_back("files named <subject>_<take>: the same take number is one source");
  }
  SongBook book(joints3d);
  double longest = 0.0;
  for (auto& [source, members] : sources) {
    book.turn(longest);
    longest = 0.0;
    std::sort(members.begin(), members.end());
    for (const fs::path& file : members) {
      Take take;
      take.motion = skeleton::project(skeleton::read_joints3d(file).motion, joints3d.project);
      take.motion.fps *= joints3d.speed;
      if (!importer.seen_enough(file.filename().string(), take.motion)) {
        continue;
      }
      longest = std::max(longest, take.motion.seconds());
      take.info.id = as_id(file.stem().string());
      take.info.source = source;
      take.info.style = style;
      take.audio = silent ? silence(take.motion.seconds()) : book.play(take.motion.seconds(), take.info);
      importer.add(std::move(take));
    }
  }
  return importer.finish();
}

}  // namespace stgmamba::data
