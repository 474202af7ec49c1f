// SPDX-License-Identifier: MIT
#include "stgmamba/eval/generated_rows.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "stgmamba/data/batch.hpp"
#include "stgmamba/data/show.hpp"
#include "stgmamba/eval/clip_maker.hpp"
#include "stgmamba/infer/long_song.hpp"
#include "stgmamba/io/npz.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/file.hpp"
#include "stgmamba/util/hash.hpp"
#include "stgmamba/util/progress.hpp"
#include "stgmamba/util/stop.hpp"

namespace stgmamba::eval {

namespace fs = std::filesystem;

namespace {

using infer::kWindowFrames;
using skeleton::Motion;

constexpr std::int64_t kPose = static_cast<std::int64_t>(skeleton::kJoints) * 2;
constexpr double kTimingSeconds = 10.0;
constexpr int kWarmUp = 3;

/// The sound of every place, decoded take by take.
class Sounds {
 public:
  explicit Sounds(const TestBed& bed) : bed_(bed), loaded_(bed.takes().size()) {}
  /// [kClipSamples], silence past the end.
  std::vector<float> at(std::size_t place) {
    const TestBed::Place& where = bed_.places()[place];
    if (where.take != loaded_) {
      audio_ = bed_.dataset().load(bed_.takes()[where.take]).audio;
      loaded_ = where.take;
    }
    const auto first = std::min<std::ptrdiff_t>(where.frame * data::kSamplesPerFrame, std::ssize(audio_.samples));
    const auto last = std::min<std::ptrdiff_t>(first + kClipSamples, std::ssize(audio_.samples));
    std::vector<float> window(audio_.samples.begin() + first, audio_.samples.begin() + last);
    window.resize(static_cast<std::size_t>(kClipSamples), 0.0F);
    return window;
  }

 private:
  const TestBed& bed_;
  std::size_t loaded_;
  media::Audio audio_;
};

std::vector<Motion> dance_places(const TestBed& bed, const infer::MotionModel& model, const GenerateOptions& options) {
  Sounds sounds(bed);
  std::vector<Motion> motions;
  const auto places = static_cast<std::int64_t>(bed.places().size());
  util::Progress progress("dance", places, "clip");
  for (std::int64_t first = 0; first < places; first += options.batch) {
    if (util::stop_requested()) {
      throw StoppedError("stopped after {} of {} clips; run the same command again", first, places);
    }
    std::vector<float> batch;
    std::vector<std::int64_t> samples;
    for (std::int64_t p = first; p < std::min(first + options.batch, places); ++p) {
      const std::vector<float> sound = sounds.at(static_cast<std::size_t>(p));
      batch.insert(batch.end(), sound.begin(), sound.end());
      samples.push_back(p);
    }
    std::vector<Motion> more = make_clips(model, batch, samples, options.seed, "eval");
    std::move(more.begin(), more.end(), std::back_inserter(motions));
    progress.update(std::ssize(motions));
  }
  progress.finish();
  return motions;
}

/// Many dances to each of evenly chosen places.
std::vector<metrics::Draws> draw_dances(const TestBed& bed, const infer::MotionModel& model,
                                        const GenerateOptions& options) {
  Sounds sounds(bed);
  std::vector<metrics::Draws> draws;
  const auto places = static_cast<std::int64_t>(bed.places().size());
  const std::int64_t count = std::min(options.draw_places, places);
  for (std::int64_t i = 0; i < count && options.draws > 1; ++i) {
    const std::int64_t place = i * places / count;
    draws.push_back({bed.places()[static_cast<std::size_t>(place)].song,
                     make_clips(model, sounds.at(static_cast<std::size_t>(place)), {place}, options.seed, "eval draws",
                                options.draws)});
  }
  return draws;
}

/// Median seconds of one clip alone.
double time_of(const TestBed& bed, const infer::MotionModel& model, const GenerateOptions& options) {
  if (options.repetitions <= 0) {
    return -1.0;
  }
  using Clock = std::chrono::steady_clock;
  const std::vector<float> sound = Sounds(bed).at(0);
  std::vector<double> seconds;
  const auto begin = Clock::now();
  for (std::int64_t i = 0; i < kWarmUp + options.repetitions; ++i) {
    const auto start = Clock::now();
    make_clips(model, sound, {0}, options.seed, "eval");
    const double taken = std::chrono::duration<double>(Clock::now() - start).count();
    if (i >= kWarmUp) {
      seconds.push_back(taken);
    }
    if (i >= kWarmUp && std::chrono::duration<double>(Clock::now() - begin).count() > kTimingSeconds) {
      break;
    }
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

io::Array packed(const std::vector<const Motion*>& motions) {
  std::vector<float> values;
  for (const Motion* motion : motions) {
    values.insert(values.end(), motion->xy.begin(), motion->xy.end());
  }
  return io::Array::from<float>(values, {std::ssize(motions), kWindowFrames, skeleton::kJoints, 2});
}

std::vector<Motion> unpacked(const io::Array& array) {
  const auto length = static_cast<std::size_t>(kWindowFrames * kPose);
  const std::span<const float> values = array.as<float>();
  std::vector<Motion> motions;
  for (std::size_t at = 0; at + length <= values.size(); at += length) {
    Motion motion(kWindowFrames, data::kFps);
    motion.xy.assign(values.begin() + static_cast<std::ptrdiff_t>(at),
                     values.begin() + static_cast<std::ptrdiff_t>(at + length));
    std::fill(motion.score.begin(), motion.score.end(), 1.0F);
    motions.push_back(std::move(motion));
  }
  return motions;
}

void store(const fs::path& path, const metrics::DanceSet& dances) {
  std::vector<const Motion*> clips, drawn;
  for (const metrics::Clip& clip : dances.seeds.front()) {
    clips.push_back(&clip.motion);
  }
  std::vector<std::int64_t> songs;
  for (const metrics::Draws& draws : dances.draws) {
    songs.push_back(static_cast<std::int64_t>(draws.song));
    for (const Motion& motion : draws.dances) {
      drawn.push_back(&motion);
    }
  }
  const double seconds[] = {dances.seconds};
  io::write_npz(path, {{"clips", packed(clips)},
                       {"draws", packed(drawn)},
                       {"draw_songs", io::Array::from<std::int64_t>(songs, {std::ssize(songs)})},
                       {"seconds", io::Array::from<double>(seconds, {1})}});
}

metrics::DanceSet load(const TestBed& bed, const fs::path& path) {
  const auto arrays = io::read_npz(path);
  std::vector<Motion> clips = unpacked(arrays.at("clips"));
  std::vector<Motion> drawn = unpacked(arrays.at("draws"));
  if (clips.size() != bed.places().size()) {
    throw DataError("{}: must hold {} clips, got {}; remove the file", path.string(), bed.places().size(),
                    clips.size());
  }
  metrics::DanceSet dances;
  dances.seeds.push_back(bed.clips([&](std::size_t place) { return clips[place]; }));
  const std::span<const std::int64_t> songs = arrays.at("draw_songs").as<std::int64_t>();
  const std::size_t each = songs.empty() ? 0 : drawn.size() / songs.size();
  for (std::size_t i = 0; i < songs.size(); ++i) {
    const auto first = drawn.begin() + static_cast<std::ptrdiff_t>(i * each);
    dances.draws.push_back({static_cast<std::size_t>(songs[i]), {first, first + static_cast<std::ptrdiff_t>(each)}});
  }
  dances.seconds = arrays.at("seconds").as<double>()[0];
  return dances;
}

}  // namespace

metrics::DanceSet generate_clips(const TestBed& bed, const infer::MotionModel& model, const GenerateOptions& options) {
  const std::vector<Motion> motions = dance_places(bed, model, options);
  metrics::DanceSet dances;
  dances.seeds.push_back(bed.clips([&](std::size_t place) { return motions[place]; }));
  dances.draws = draw_dances(bed, model, options);
  dances.seconds = time_of(bed, model, options);
  return dances;
}

metrics::DanceSet cached_clips(const TestBed& bed, const infer::MotionModel& model, const GenerateOptions& options,
                               const fs::path& folder) {
  const std::string key = util::hash_text(fmt::format(
      "{}/{}/{}/{}/{}/{}/{}/{}", util::hash_file(model.weights_file), bed.hash(), options.seed, options.draws,
      options.draw_places, options.repetitions > 0, model.device.str(), at::get_num_threads()));
  const fs::path file = folder / fmt::format("clips_{}.npz", key.substr(0, 16));
  if (fs::exists(file)) {
    return load(bed, file);
  }
  metrics::DanceSet dances = generate_clips(bed, model, options);
  util::make_folders(folder);
  store(file, dances);
  return dances;
}

std::vector<std::string> takes_in(const data::Dataset& dataset, const fs::path& folder) {
  std::set<std::string> takes;
  if (fs::is_directory(folder)) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() == ".npz" || entry.path().extension() == ".json") {
        takes.insert(data::find_take(dataset, entry.path().stem().string()).id);
      }
    }
  }
  if (takes.empty()) {
    throw DataError("{}: must hold motion files named after takes (kpop_001_a.npz), got none", folder.string());
  }
  return {takes.begin(), takes.end()};
}

metrics::DanceSet folder_clips(const TestBed& bed, const fs::path& folder, Joints joints) {
  metrics::DanceSet dances;
  dances.seeds.push_back(bed.cut([&](std::size_t take) {
    const fs::path npz = folder / (bed.takes()[take].id + ".npz");
    const fs::path json = folder / (bed.takes()[take].id + ".json");
    if (!fs::exists(npz) && !fs::exists(json)) {
      throw DataError("{}: no dance to take {} ({} or .json)", folder.string(), bed.takes()[take].id,
                      npz.filename().string());
    }
    return read_joints(fs::exists(npz) ? npz : json, joints);
  }));
  dances.draws = bed.same_music(dances.seeds.front());
  return dances;
}

}  // namespace stgmamba::eval
