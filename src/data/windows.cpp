// SPDX-License-Identifier: MIT
#include "data/windows.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "stgmamba/util/check.hpp"
#include "stgmamba/util/log.hpp"
#include "stgmamba/util/random.hpp"

namespace stgmamba::data {
namespace {

constexpr double kClipSeconds = 5.0;  // training material counts in clips of this length
constexpr double kSlack = 1e-6;       // s; durations in the index are rounded

std::int64_t usable_samples(const TakeInfo& info) {
  return static_cast<std::int64_t>((info.seconds + kSlack) * kSampleRate);
}

/// Catmull-Rom weights of the points at -1, 0, 1, 2 for the place u in [0, 1).
std::array<float, 4> cubic(double u) {
  const double u2 = u * u, u3 = u2 * u;
  return {static_cast<float>(0.5 * (-u + 2 * u2 - u3)), static_cast<float>(0.5 * (2 - 5 * u2 + 3 * u3)),
          static_cast<float>(0.5 * (u + 4 * u2 - 3 * u3)), static_cast<float>(0.5 * (u3 - u2))};
}

}  // namespace

WindowPlan::WindowPlan(std::vector<TakeInfo> takes, const DataConfig& config, std::uint64_t seed, bool train)
    : config_(config), seed_(seed), train_(train) {
  const double window = static_cast<double>(config.frames) / kFps;
  std::size_t short_takes = 0;
  double total = 0.0;
  for (TakeInfo& info : takes) {
    if (info.seconds + kSlack < window) {
      ++short_takes;
      continue;
    }
    total += info.seconds;
    ends_.push_back(total);
    takes_.push_back(std::move(info));
  }
  if (short_takes > 0) {
    util::log().warn("{} of {} takes are shorter than a window of {:.1f} s and are left out", short_takes,
                     short_takes + takes_.size(), window);
  }
  if (takes_.empty()) {
    return;  // the caller knows the split's name and says so
  }
  if (!train || !config.augment.offset) {
    add_cuts();
    epoch_samples_ = static_cast<std::int64_t>(cuts_.size());
  } else {
    epoch_samples_ = std::max<std::int64_t>(1, std::llround(total / kClipSeconds));
  }
  if (train) {
    epoch_samples_ = config.epoch_samples > 0 ? config.epoch_samples : std::max(epoch_samples_, config.batch_size);
  }
}

void WindowPlan::add_cuts() {
  const std::int64_t length = config_.frames * kSamplesPerFrame;
  for (std::size_t take = 0; take < takes_.size(); ++take) {
    const std::int64_t count = usable_samples(takes_[take]) / length;
    for (std::int64_t i = 0; i < count; ++i) {
      cuts_.push_back({take, i * length});
    }
  }
}

std::vector<std::int64_t> WindowPlan::order(std::int64_t epoch) const {
  if (!train_) {
    return {};
  }
  return util::Random(seed_, "loader.order", static_cast<std::uint64_t>(epoch)).permutation(epoch_samples_);
}

Window WindowPlan::window(std::int64_t epoch, std::int64_t position, const std::vector<std::int64_t>& order) const {
  const std::int64_t sample = epoch * epoch_samples_ + position;
  const std::int64_t slot = train_ ? order[static_cast<std::size_t>(position)] : position;
  Window window;
  if (train_ && config_.augment.offset) {
    window = anywhere(slot, epoch, sample);
  } else {
    const Cut& cut = cuts_[static_cast<std::size_t>(slot) % cuts_.size()];
    window.take = cut.take;
    window.first_sample = cut.first_sample;
    window.draws = train_ ? draw_window(config_.augment, seed_, static_cast<std::uint64_t>(sample)) : WindowDraws();
  }
  // A window never needs more of the take than there is.
  const std::int64_t room = usable_samples(takes_[window.take]) - window.first_sample;
  const std::int64_t length = config_.frames * kSamplesPerFrame;
  window.draws.stretch = std::min(window.draws.stretch, static_cast<double>(room) / static_cast<double>(length));
  return window;
}

/// The epoch's slots share the split's seconds equally, and each window starts somewhere in its slot: every take gets
/// windows in proportion to its length, in every epoch.
Window WindowPlan::anywhere(std::int64_t slot, std::int64_t epoch, std::int64_t sample) const {
  util::Random random(seed_, "loader.offset", static_cast<std::uint64_t>(epoch), static_cast<std::uint64_t>(slot));
  const double place = (static_cast<double>(slot) + random.uniform()) / static_cast<double>(epoch_samples_);
  const double second = place * ends_.back();
  const auto found = std::upper_bound(ends_.begin(), ends_.end(), second);
  Window window;
  window.take = static_cast<std::size_t>(std::min(found - ends_.begin(), std::ssize(ends_) - 1));
  const double begin = window.take == 0 ? 0.0 : ends_[window.take - 1];
  const double share = std::clamp((second - begin) / takes_[window.take].seconds, 0.0, 1.0);
  window.draws = draw_window(config_.augment, seed_, static_cast<std::uint64_t>(sample));
  const std::int64_t available = usable_samples(takes_[window.take]);
  const std::int64_t length = config_.frames * kSamplesPerFrame;
  const auto needed = static_cast<std::int64_t>(std::ceil(static_cast<double>(length) * window.draws.stretch));
  const std::int64_t last = std::max<std::int64_t>(0, available - std::max(needed, std::int64_t{1}));
  window.first_sample = std::min(last, static_cast<std::int64_t>(share * static_cast<double>(last + 1)));
  return window;
}

skeleton::Motion sample_motion(const skeleton::Motion& motion, double start, double step, std::int64_t count) {
  constexpr int kValues = skeleton::kJoints * 2;
  skeleton::Motion out(count, kFps);
  const std::int64_t last = motion.frames() - 1;
  for (std::int64_t f = 0; f < count; ++f) {
    double at = std::clamp((start + static_cast<double>(f) * step) * motion.fps, 0.0, static_cast<double>(last));
    if (std::abs(at - std::round(at)) < 1e-6) {
      at = std::round(at);  // a frame that is asked for at its own time comes out as it is
    }
    const auto base = std::min(static_cast<std::int64_t>(at), std::max<std::int64_t>(0, last - 1));
    const double u = at - static_cast<double>(base);
    const std::array<float, 4> weight = cubic(u);
    std::array<const float*, 4> from{};
    for (std::int64_t i = 0; i < 4; ++i) {
      from[static_cast<std::size_t>(i)] = motion.xy.data() + std::clamp(base - 1 + i, std::int64_t{0}, last) * kValues;
    }
    float* to = out.xy.data() + f * kValues;
    for (int c = 0; c < kValues; ++c) {
      to[c] = weight[0] * from[0][c] + weight[1] * from[1][c] + weight[2] * from[2][c] + weight[3] * from[3][c];
    }
    const std::int64_t next = std::min(base + 1, last);
    for (int joint = 0; joint < skeleton::kJoints; ++joint) {
      const float before = motion.score[static_cast<std::size_t>(base * skeleton::kJoints + joint)];
      const float after = motion.score[static_cast<std::size_t>(next * skeleton::kJoints + joint)];
      const bool seen = (u >= 1.0 || before > 0) && (u <= 0.0 || after > 0);
      out.score[static_cast<std::size_t>(f * skeleton::kJoints + joint)] =
          seen ? static_cast<float>((1 - u) * before + u * after) : 0.0F;
    }
  }
  return out;
}

std::vector<float> sample_sound(const std::vector<std::int16_t>& samples, std::int64_t first, double step,
                                std::int64_t count) {
  constexpr float kScale = 1.0F / 32768.0F;
  const std::int64_t length = std::ssize(samples);
  std::vector<float> out(static_cast<std::size_t>(count), 0.0F);
  if (step == 1.0) {
    for (std::int64_t i = 0; i < std::min(count, length - first); ++i) {
      out[static_cast<std::size_t>(i)] = kScale * samples[static_cast<std::size_t>(first + i)];
    }
    return out;
  }
  for (std::int64_t i = 0; i < count; ++i) {
    const double at = static_cast<double>(first) + static_cast<double>(i) * step;
    const auto base = static_cast<std::int64_t>(at);
    const std::array<float, 4> weight = cubic(at - static_cast<double>(base));
    float sum = 0.0F;
    for (std::int64_t k = 0; k < 4; ++k) {
      const std::int64_t from = base - 1 + k;
      if (from >= 0 && from < length) {
        sum += weight[static_cast<std::size_t>(k)] * samples[static_cast<std::size_t>(from)];
      }
    }
    out[static_cast<std::size_t>(i)] = kScale * sum;
  }
  return out;
}

Batch make_batch(std::int64_t size, std::int64_t frames, const std::string& features) {
  Batch batch;
  batch.size = size;
  batch.frames = frames;
  const auto cells = static_cast<std::size_t>(size * frames);
  const auto rows = static_cast<std::size_t>(size);
  batch.audio.resize(cells * kSamplesPerFrame);      // [B, F, 1600]
  batch.pose.resize(cells * skeleton::kJoints * 2);  // [B, F, V, 2]
  batch.score.resize(cells * skeleton::kJoints);     // [B, F, V]
  batch.style.resize(rows);
  batch.sample.resize(rows);
  batch.take.resize(rows);
  batch.source.resize(rows);
  batch.start.resize(rows);
  batch.beats.resize(rows);
  if (features != "waveform") {
    batch.features[features] = {music::kFeatureSize, std::vector<float>(cells * music::kFeatureSize)};  // [B, F, n]
  }
  return batch;
}

/// Features of the window, as loud as its sound.
void fill_features(Features& features, std::int64_t row, std::int64_t frames, const CachedTake& take,
                   const Window& window, bool augment) {
  const double start = static_cast<double>(window.first_sample) / kSampleRate;
  std::vector<float> values = music::cut_features(take.features, start, window.draws.stretch / kFps, frames);
  if (augment) {
    music::amplify(values, window.draws.gain_db);
  }
  std::copy(values.begin(), values.end(), features.values.begin() + row * frames * features.size);
}

void fill_row(Batch& batch, std::int64_t row, const CachedTake& take, const Window& window, std::uint64_t seed,
              std::int64_t sample, bool augment) {
  const std::int64_t frames = batch.frames;
  const double stretch = window.draws.stretch;
  const double start = static_cast<double>(window.first_sample) / kSampleRate;
  std::vector<float> sound = sample_sound(take.samples, window.first_sample, stretch, frames * kSamplesPerFrame);
  if (augment) {
    augment_sound(sound, window.draws, seed, static_cast<std::uint64_t>(sample));
  }
  std::copy(sound.begin(), sound.end(), batch.audio.begin() + row * frames * kSamplesPerFrame);
  for (auto& [name, features] : batch.features) {
    fill_features(features, row, frames, take, window, augment);
  }
  skeleton::Motion motion = sample_motion(take.motion, start, stretch / kFps, frames);
  if (window.draws.mirror) {
    motion = skeleton::mirror(motion);
  }
  const std::vector<float> pose = skeleton::normalise(motion.xy);
  std::copy(pose.begin(), pose.end(), batch.pose.begin() + row * frames * skeleton::kJoints * 2);
  std::copy(motion.score.begin(), motion.score.end(), batch.score.begin() + row * frames * skeleton::kJoints);
  const auto at = static_cast<std::size_t>(row);
  const auto style = std::find(kStyles.begin(), kStyles.end(), take.info.style);
  if (style == kStyles.end()) {
    throw DataError("take '{}': has the unknown style '{}'; run `stg_data check`", take.info.id, take.info.style);
  }
  batch.style[at] = style - kStyles.begin();
  batch.sample[at] = sample;
  batch.take[at] = take.info.id;
  batch.source[at] = take.info.source;
  batch.start[at] = start;
  for (const double beat : take.info.beats) {
    const double seconds = (beat - start) / stretch;
    if (seconds >= 0 && seconds < static_cast<double>(frames) / kFps) {
      batch.beats[at].push_back(seconds);
    }
  }
}

}  // namespace stgmamba::data
