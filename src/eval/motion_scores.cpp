// SPDX-License-Identifier: MIT
#include "stgmamba/eval/motion_scores.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "stgmamba/data/batch.hpp"
#include "stgmamba/data/show.hpp"
#include "stgmamba/infer/skeleton_video.hpp"
#include "stgmamba/metrics/beat.hpp"
#include "stgmamba/metrics/motion.hpp"
#include "stgmamba/util/error.hpp"

namespace stgmamba::eval {
namespace {

namespace fs = std::filesystem;
using BeatsOfSong = std::map<std::string, std::vector<double>>;

struct Pair {
  data::TakeInfo take;
  skeleton::Motion generated, real;  // 10 fps, of equal length
};

std::string song_of(const data::TakeInfo& take) {
  return take.song.empty() ? take.source : take.song;
}

std::vector<fs::path> motion_files(const fs::path& folder) {
  std::vector<fs::path> files;
  if (fs::is_directory(folder)) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() == ".npz" || entry.path().extension() == ".json") {
        files.push_back(entry.path());
      }
    }
  }
  if (files.empty()) {
    throw DataError("{}: must hold motion files named after takes (kpop_001_a.npz), got none", folder.string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<Pair> load_pairs(const data::Dataset& dataset, const fs::path& folder) {
  std::vector<Pair> pairs;
  for (const fs::path& file : motion_files(folder)) {
    Pair pair{data::find_take(dataset, file.stem().string()),
              skeleton::resample(infer::read_motion(file, data::kFps), data::kFps),
              {}};
    pair.real = skeleton::resample(dataset.load(pair.take).motion, data::kFps);
    const std::int64_t frames = std::min(pair.generated.frames(), pair.real.frames());
    pair.generated = skeleton::slice(pair.generated, 0, frames);
    pair.real = skeleton::slice(pair.real, 0, frames);
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

struct Sums {
  metrics::BeatScore own, real, other;
};

Sums beat_sums(const Pair& pair, const BeatsOfSong& songs, const metrics::BeatOptions& options) {
  Sums sums;
  sums.own = metrics::beat_consistency(pair.generated, pair.take.beats, options);
  sums.real = metrics::beat_consistency(pair.real, pair.take.beats, options);
  for (const auto& [song, beats] : songs) {
    if (song != song_of(pair.take)) {
      sums.other += metrics::beat_consistency(pair.generated, beats, options);
    }
  }
  return sums;
}

MotionScore to_score(std::string name, const Sums& sums, const std::vector<skeleton::Motion>& generated,
                     const std::vector<skeleton::Motion>& real) {
  return {std::move(name),
          sums.own.bc(),
          sums.own.bc_star(),
          sums.real.bc_star(),
          sums.other.bc_star(),
          metrics::speed_ratio(generated, real),
          metrics::jerk_ratio(generated, real)};
}

std::string line(const MotionScore& score) {
  return fmt::format("{:<20} {:>8.3f} {:>8.3f} {:>12.3f} {:>10.3f} {:>8.3f} {:>8.3f}\n", score.take, score.bc,
                     score.bc_star, score.bc_star_other, score.bc_star_real, score.speed_ratio, score.jerk_ratio);
}

}  // namespace

MotionScores score_motions(const data::Dataset& dataset, const fs::path& folder) {
  const std::vector<Pair> pairs = load_pairs(dataset, folder);
  BeatsOfSong songs;
  for (const data::TakeInfo& take : dataset.takes()) {
    songs.emplace(song_of(take), take.beats);
  }
  std::vector<skeleton::Motion> generated, real;
  for (const Pair& pair : pairs) {
    generated.push_back(pair.generated);
    real.push_back(pair.real);
  }
  metrics::BeatOptions options;
  options.prominence = metrics::default_prominence(real);
  MotionScores scores;
  Sums all;
  for (const Pair& pair : pairs) {
    const Sums sums = beat_sums(pair, songs, options);
    all.own += sums.own;
    all.real += sums.real;
    all.other += sums.other;
    scores.rows.push_back(to_score(pair.take.id, sums, {pair.generated}, {pair.real}));
  }
  scores.all = to_score("all", all, generated, real);
  return scores;
}

std::string MotionScores::text() const {
  std::string out = fmt::format("{:<20} {:>8} {:>8} {:>12} {:>10} {:>8} {:>8}\n", "take", "BC", "BC*", "BC* others",
                                "BC* real", "speed", "jerk");
  for (const MotionScore& row : rows) {
    out += line(row);
  }
  return out + line(all) +
         "BC*: beats hit beyond chance, 0 = chance, 1 = every beat; others: against the beats of every other song; "
         "speed, jerk: over the real dance's";
}

}  // namespace stgmamba::eval
