// SPDX-License-Identifier: MIT
#include "stgmamba/infer/retrieval.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "stgmamba/data/batch.hpp"
#include "stgmamba/skeleton/beat_warp.hpp"
#include "stgmamba/util/check.hpp"
#include "stgmamba/util/random.hpp"

namespace stgmamba::infer {

namespace {

using skeleton::Motion;
using skeleton::position_at;
using skeleton::time_at;

constexpr double kFade = 0.4;         // s, cross-fade between pieces
constexpr double kTempoWeight = 4.0;  // an octave of tempo costs as much as four standard deviations of energy
constexpr std::size_t kRow = static_cast<std::size_t>(skeleton::kJoints) * 2;

/// Energies with mean 0 and deviation 1 over the song (all 0 where it has none).
std::vector<double> relative(const std::vector<double>& energy) {
  double mean = 0.0, square = 0.0;
  for (const double value : energy) {
    mean += value / static_cast<double>(energy.size());
    square += value * value / static_cast<double>(energy.size());
  }
  const double deviation = std::sqrt(std::max(0.0, square - mean * mean));
  std::vector<double> result;
  result.reserve(energy.size());
  for (const double value : energy) {
    result.push_back(deviation > 1e-9 ? (value - mean) / deviation : 0.0);
  }
  return result;
}

double mean_of(const std::vector<double>& values, std::size_t first, std::size_t count) {
  double sum = 0.0;
  for (std::size_t i = first; i < first + count; ++i) {
    sum += values[i] / static_cast<double>(count);
  }
  return sum;
}

/// Pose at a time, linear between frames, held at the ends: added to `out` with a weight.
void add_pose(const Motion& motion, double seconds, double weight, float* out) {
  const double frame = std::clamp(seconds * motion.fps, 0.0, static_cast<double>(motion.frames() - 1));
  const auto low = static_cast<std::size_t>(std::floor(frame));
  const std::size_t high = std::min(low + 1, static_cast<std::size_t>(motion.frames() - 1));
  const double share = frame - static_cast<double>(low);
  for (std::size_t i = 0; i < kRow; ++i) {
    const double value = (1.0 - share) * static_cast<double>(motion.xy[low * kRow + i]) +
                         share * static_cast<double>(motion.xy[high * kRow + i]);
    out[i] += static_cast<float>(weight * value);
  }
}

}  // namespace

BeatMusic beat_music(const media::Audio& audio, const std::vector<double>& beats) {
  BeatMusic music{beats, {}};
  for (std::size_t i = 0; i < beats.size(); ++i) {
    const double end = i + 1 < beats.size() ? beats[i + 1] : audio.seconds();
    const auto last = std::min(audio.samples.size(), static_cast<std::size_t>(std::max(0.0, end) * audio.rate));
    double sum = 0.0, count = 0.0;
    for (auto s = static_cast<std::size_t>(std::max(0.0, beats[i]) * audio.rate); s < last; ++s, ++count) {
      sum += static_cast<double>(audio.samples[s]) * static_cast<double>(audio.samples[s]);
    }
    music.energy.push_back(std::log(1e-8 + (count > 0 ? sum / count : 0.0)));
  }
  return music;
}

void MotionLibrary::add(const Motion& motion, const BeatMusic& music) {
  STG_CHECK(music.beats.size() == music.energy.size(), "[retrieval] needs an energy a beat, got {} for {}",
            music.energy.size(), music.beats.size());
  const std::vector<double> energy = relative(music.energy);
  for (std::size_t beat = 0; beat + kPhraseBeats < music.beats.size(); ++beat) {
    const double length = music.beats[beat + kPhraseBeats] - music.beats[beat];
    if (music.beats[beat] >= 0 && music.beats[beat + kPhraseBeats] <= motion.seconds()) {
      pieces_.push_back(
          {dances_.size(), beat, length / static_cast<double>(kPhraseBeats), mean_of(energy, beat, kPhraseBeats)});
    }
  }
  dances_.push_back({motion, music.beats});
}

MotionLibrary MotionLibrary::from_dataset(const data::Dataset& dataset, const std::string& split,
                                          const std::vector<std::string>& styles) {
  MotionLibrary library;
  std::map<std::string, BeatMusic> heard;  // takes of one song share it
  for (const data::TakeInfo& info : dataset.split(split, styles)) {
    if (info.beats.size() <= kPhraseBeats) {
      continue;
    }
    data::Take take = dataset.load(info);
    skeleton::fill_missing(take.motion);
    const std::string key = info.song.empty() ? info.id : fmt::format("{}@{}", info.song, info.start);
    if (!heard.contains(key)) {
      heard[key] = beat_music(take.audio, info.beats);
    }
    library.add(skeleton::resample(take.motion, data::kFps), heard[key]);
  }
  if (library.pieces() == 0) {
    throw DataError(
        "{}: no take of '{}' has {} known beats, so there is nothing to retrieve; take a corpus with beats "
        "(stg_data synth)",
        dataset.folder().string(), split, kPhraseBeats + 1);
  }
  return library;
}

const MotionLibrary::Piece& MotionLibrary::choose(double period, double energy, std::uint64_t seed, std::int64_t draw,
                                                  std::size_t phrase, std::size_t choices) const {
  const auto cost = [&](const Piece& piece) {
    return kTempoWeight * std::abs(std::log2(piece.period / period)) + std::abs(piece.energy - energy);
  };
  std::vector<std::size_t> order(pieces_.size());
  std::iota(order.begin(), order.end(), 0);
  const std::size_t count = std::min(choices, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                    [&](std::size_t a, std::size_t b) {
                      const double cost_a = cost(pieces_[a]), cost_b = cost(pieces_[b]);
                      return cost_a < cost_b || (cost_a == cost_b && a < b);
                    });
  util::Random random(seed, "retrieval", static_cast<std::uint64_t>(draw), phrase);
  return pieces_[order[static_cast<std::size_t>(random.integer(static_cast<std::int64_t>(count)))]];
}

Motion MotionLibrary::dance(const BeatMusic& music, double seconds, std::uint64_t seed, std::int64_t draw,
                            std::size_t choices) const {
  STG_CHECK(music.beats.size() >= 2 && !pieces_.empty(), "[retrieval] needs two beats and a piece, got {} and {}",
            music.beats.size(), pieces_.size());
  const std::vector<double> energy = relative(music.energy);
  std::vector<const Piece*> chosen;  // of each phrase
  for (std::size_t first = 0; first < music.beats.size(); first += kPhraseBeats) {
    const std::size_t count = std::min(kPhraseBeats, music.beats.size() - first);
    const double end = time_at(music.beats, static_cast<double>(first + kPhraseBeats));
    const double period = (end - music.beats[first]) / static_cast<double>(kPhraseBeats);
    chosen.push_back(&choose(period, mean_of(energy, first, count), seed, draw, chosen.size(), choices));
  }
  const auto phrases = static_cast<std::ptrdiff_t>(chosen.size());
  const auto frames = static_cast<std::int64_t>(std::ceil(seconds * data::kFps - 1e-9));
  Motion motion(frames, data::kFps);
  std::fill(motion.xy.begin(), motion.xy.end(), 0.0F);
  std::fill(motion.score.begin(), motion.score.end(), 1.0F);
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    const double now = static_cast<double>(frame) / data::kFps;
    const double position = position_at(music.beats, now);
    const auto phrase =
        std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(std::floor(position / kPhraseBeats)), 0, phrases - 1);
    const auto add = [&](std::ptrdiff_t of, double weight) {
      const Piece& piece = *chosen[static_cast<std::size_t>(of)];
      const double within = position - static_cast<double>(of) * kPhraseBeats;
      const Source& source = dances_[piece.dance];
      add_pose(source.motion, time_at(source.beats, static_cast<double>(piece.beat) + within), weight,
               &motion.xy[static_cast<std::size_t>(frame) * kRow]);
    };
    // The fade is centred at the border: both pieces go on a little beyond their own beats.
    const double border = time_at(music.beats, static_cast<double>(phrase) * kPhraseBeats);
    const double next = time_at(music.beats, static_cast<double>(phrase + 1) * kPhraseBeats);
    const double in = phrase > 0 ? std::clamp(0.5 + (now - border) / kFade, 0.0, 1.0) : 1.0;
    const double out = phrase + 1 < phrases ? std::clamp(0.5 - (next - now) / kFade, 0.0, 1.0) : 0.0;
    add(phrase, in - out);
    if (in < 1.0) {
      add(phrase - 1, 1.0 - in);
    }
    if (out > 0.0) {
      add(phrase + 1, out);
    }
  }
  return motion;
}

}  // namespace stgmamba::infer
