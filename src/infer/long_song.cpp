// SPDX-License-Identifier: MIT
#include "stgmamba/infer/long_song.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "stgmamba/data/batch.hpp"
#include "stgmamba/infer/hearing.hpp"
#include "stgmamba/util/check.hpp"
#include "stgmamba/util/progress.hpp"
#include "stgmamba/util/stop.hpp"

namespace stgmamba::infer {
namespace {

constexpr std::int64_t kSamples = data::kSamplesPerFrame;
constexpr std::int64_t kPose = skeleton::kJoints * 2;
constexpr std::size_t kPiece = kHopFrames * kSamples;  // fed to the stream at once, so that it can be stopped
constexpr const char* kNoiseTag = "generate";
constexpr double kShiftKept = 0.5;  // a hop later

std::int64_t frames_of(std::int64_t samples) {
  return (samples + kSamples - 1) / kSamples;
}

/// Mean x and y of all joints over the fade that begins at `frame` of a window.
std::array<double, 2> mean_place(const std::vector<float>& window, std::int64_t frame) {
  std::array<double, 2> sum = {};
  for (std::int64_t i = frame * kPose; i < (frame + kFadeFrames) * kPose; ++i) {
    sum[static_cast<std::size_t>(i % 2)] += window[static_cast<std::size_t>(i)];
  }
  constexpr double kCount = kFadeFrames * skeleton::kJoints;
  return {sum[0] / kCount, sum[1] / kCount};
}

/// Poses of the window that follows the first `past` samples of `sound`, for each variant. One pass over the music.
PoseBlock ask(const MotionModel& model, const LongSongOptions& options, const std::vector<float>& sound,
              std::int64_t past, std::int64_t phrase) {
  const c10::InferenceMode no_gradients;
  const at::Tensor music = hear(model.generator.music, sound, past);  // [1, F, 1600 or n]
  const std::int64_t frames = music.size(1);
  models::PoseGenerator& network = *model.generator.network;
  const at::Tensor tokens = network.encode(music.to(model.device));  // [1, F, h]
  const at::Tensor noise = models::sample_noise(model.generator.noise, options.seed, kNoiseTag, {phrase}, frames,
                                                options.variants);  // [n, F, 10]
  const at::Tensor pose = network.decode(tokens.expand({options.variants, -1, -1}), noise.to(model.device))
                              .to(torch::kCPU, torch::kFloat32)
                              .contiguous();  // [n, F, V, 2]
  if (!at::isfinite(pose).all().item<bool>()) {
    throw CheckpointError("{}: the model's output is not finite; its training diverged, use an earlier checkpoint",
                          model.checkpoint.string());
  }
  PoseBlock block;
  for (std::int64_t n = 0; n < options.variants; ++n) {
    const float* first = pose.const_data_ptr<float>() + n * frames * kPose;
    block.emplace_back(first, first + frames * kPose);
  }
  return block;
}

}  // namespace

struct MotionStream::Impl {
  const MotionModel& model;
  LongSongOptions options;
  std::vector<float> past;   // samples before the next window, at most kMemoryFrames; none where they are not heard
  std::vector<float> sound;  // samples from frame kHopFrames * windows on, and the window before's second half
  std::int64_t heard = 0;    // samples so far
  std::int64_t windows = 0;  // asked so far
  std::int64_t given = 0;    // frames given away
  PoseBlock last;            // poses of the newest window, [n][kWindowFrames * kPose]
  std::vector<std::int64_t> seams;
  bool ended = false;

  std::int64_t start_of(std::int64_t window) const { return window * kHopFrames; }

  /// Asks for the next window (its sound padded with silence) and blends it into what the window before left open.
  void advance(PoseBlock& out) {
    const std::int64_t wanted = kWindowFrames * kSamples;
    const std::int64_t before = std::ssize(past);
    std::vector<float> window = past;
    window.insert(window.end(), sound.begin(), sound.begin() + std::min<std::int64_t>(std::ssize(sound), wanted));
    window.resize(static_cast<std::size_t>(before + wanted), 0.0F);
    // Noise drawn per frame repeats within a phrase, so there every window is its own.
    const std::int64_t phrase = model.generator.noise.mode == "clip" ? windows / options.phrase_windows : windows;
    PoseBlock poses = ask(model, options, window, before, phrase);
    if (windows > 0) {
      const std::int64_t border = start_of(windows) + kContextFrames;
      seams.push_back(border);
      give(out, border - kFadeFrames / 2);
      if (model.generator.network->centres_windows()) {
        join(poses, border - kFadeFrames / 2);
      }
      fade(poses, border - kFadeFrames / 2);
    }
    last = std::move(poses);
    ++windows;
    const std::int64_t drop = std::min<std::int64_t>(std::ssize(sound), kHopFrames * kSamples);
    remember(drop);
    sound.erase(sound.begin(), sound.begin() + drop);
  }

  /// Keeps the first `count` samples of `sound` for the features of later windows.
  void remember(std::int64_t count) {
    if (model.generator.music.hears_samples()) {
      return;
    }
    past.insert(past.end(), sound.begin(), sound.begin() + count);
    const std::int64_t extra = std::ssize(past) - kMemoryFrames * kSamples;
    past.erase(past.begin(), past.begin() + std::max<std::int64_t>(0, extra));
  }

  /// Shifts `poses` so that over the fade from song frame `first` on its mean place is that of the window before.
  void join(PoseBlock& poses, std::int64_t first) const {
    const std::int64_t now = first - start_of(windows), before = first - start_of(windows - 1);
    for (std::size_t n = 0; n < poses.size(); ++n) {
      const auto [x, y] = mean_place(last[n], before);
      const auto [window_x, window_y] = mean_place(poses[n], now);
      for (std::int64_t frame = 0; frame < std::ssize(poses[n]) / kPose; ++frame) {
        const std::int64_t past_fade = std::max<std::int64_t>(0, frame - now - kFadeFrames);
        const double kept = std::pow(kShiftKept, static_cast<double>(past_fade) / kHopFrames);
        for (std::int64_t c = 0; c < kPose; c += 2) {
          poses[n][static_cast<std::size_t>(frame * kPose + c)] += static_cast<float>(kept * (x - window_x));
          poses[n][static_cast<std::size_t>(frame * kPose + c + 1)] += static_cast<float>(kept * (y - window_y));
        }
      }
    }
  }

  /// Mixes the window before into the first frames that `poses` is about to give, from song frame `first` on.
  void fade(PoseBlock& poses, std::int64_t first) const {
    for (std::size_t n = 0; n < poses.size(); ++n) {
      for (std::int64_t i = 0; i < kFadeFrames; ++i) {
        const float share = static_cast<float>(i + 1) / static_cast<float>(kFadeFrames + 1);
        float* now = poses[n].data() + (first + i - start_of(windows)) * kPose;
        const float* before = last[n].data() + (first + i - start_of(windows - 1)) * kPose;
        for (std::int64_t c = 0; c < kPose; ++c) {
          now[c] = share * now[c] + (1.0F - share) * before[c];
        }
      }
    }
  }

  /// Gives away the newest window's frames up to song frame `end`.
  void give(PoseBlock& out, std::int64_t end) {
    const std::int64_t from = given - start_of(windows - 1), to = end - start_of(windows - 1);
    for (std::size_t n = 0; n < out.size(); ++n) {
      out[n].insert(out[n].end(), last[n].begin() + from * kPose, last[n].begin() + to * kPose);
    }
    given = end;
  }
};

MotionStream::MotionStream(const MotionModel& model, const LongSongOptions& options)
    : impl_(std::make_unique<Impl>(Impl{model, options, {}, {}, 0, 0, 0, {}, {}, false})) {
  STG_CHECK(options.variants >= 1 && options.phrase_windows >= 1,
            "[MotionStream] variants and phrase_windows must be "
            "positive, got {} and {}",
            options.variants, options.phrase_windows);
  STG_CHECK(!options.whole_song, "[MotionStream] a stream has no whole song");
}

MotionStream::~MotionStream() = default;

PoseBlock MotionStream::push(std::span<const float> samples) {
  STG_CHECK(!impl_->ended, "[MotionStream] push after finish");
  PoseBlock out(static_cast<std::size_t>(impl_->options.variants));
  impl_->heard += std::ssize(samples);
  // A window's worth at a time, so that a long piece is not held twice.
  while (!samples.empty()) {
    const std::size_t room = static_cast<std::size_t>(kWindowFrames * kSamples) - impl_->sound.size();
    const std::span<const float> part = samples.first(std::min(room, samples.size()));
    impl_->sound.insert(impl_->sound.end(), part.begin(), part.end());
    samples = samples.subspan(part.size());
    if (part.size() == room) {
      impl_->advance(out);
    }
  }
  return out;
}

PoseBlock MotionStream::finish() {
  STG_CHECK(!impl_->ended, "[MotionStream] finish twice");
  impl_->ended = true;
  PoseBlock out(static_cast<std::size_t>(impl_->options.variants));
  const std::int64_t frames = frames_of(impl_->heard);
  if (frames == 0) {
    throw DataError("no music came in: nothing to dance to");
  }
  // One more window where the newest one does not reach the end.
  if (impl_->windows == 0 || frames > impl_->start_of(impl_->windows - 1) + kWindowFrames) {
    impl_->advance(out);
  }
  impl_->give(out, frames);
  return out;
}

const std::vector<std::int64_t>& MotionStream::seams() const {
  return impl_->seams;
}

namespace {

void append(PoseBlock& all, const PoseBlock& part) {
  for (std::size_t n = 0; n < all.size(); ++n) {
    all[n].insert(all[n].end(), part[n].begin(), part[n].end());
  }
}

PoseBlock whole_song(const MotionModel& model, const media::Audio& audio, const LongSongOptions& options) {
  const std::int64_t frames = frames_of(std::ssize(audio.samples)), asked = std::max(frames, kWindowFrames);
  std::vector<float> sound = audio.samples;
  sound.resize(static_cast<std::size_t>(asked * kSamples), 0.0F);
  PoseBlock block = ask(model, options, sound, 0, 0);
  for (auto& poses : block) {
    poses.resize(static_cast<std::size_t>(frames * kPose));
  }
  return block;
}

skeleton::Motion to_motion(const std::vector<float>& normalised) {
  skeleton::Motion motion(std::ssize(normalised) / kPose, data::kFps);
  motion.xy = skeleton::denormalise(normalised);
  std::fill(motion.score.begin(), motion.score.end(), 1.0F);
  return motion;
}

double median(std::vector<double> values) {
  if (values.empty()) {
    return 0.0;
  }
  const auto middle = values.begin() + std::ssize(values) / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Mean speed over the steps that a fade touches, over the median speed of the dance.
double seam_ratio(const skeleton::Motion& motion, const std::vector<std::int64_t>& seams) {
  const std::vector<double> speeds = joint_speeds(motion);
  const double usual = median(speeds);
  double sum = 0.0;
  std::int64_t count = 0;
  for (const std::int64_t seam : seams) {
    for (std::int64_t step = seam - kFadeFrames / 2 - 1; step <= seam + kFadeFrames / 2; ++step) {
      if (step >= 0 && step < std::ssize(speeds)) {
        sum += speeds[static_cast<std::size_t>(step)];
        ++count;
      }
    }
  }
  return count > 0 && usual > 0.0 ? sum / static_cast<double>(count) / usual : 0.0;
}

double mean_distance(const skeleton::Motion& a, const skeleton::Motion& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i + 1 < a.xy.size(); i += 2) {
    sum += std::hypot(a.xy[i] - b.xy[i], a.xy[i + 1] - b.xy[i + 1]);
  }
  return a.xy.empty() ? 0.0 : sum / (static_cast<double>(a.xy.size()) / 2.0);
}

}  // namespace

void measure_spread(Dance& dance) {
  std::int64_t pairs = 0;
  for (std::size_t a = 0; a < dance.variants.size(); ++a) {
    for (std::size_t b = a + 1; b < dance.variants.size(); ++b, ++pairs) {
      const double distance = mean_distance(dance.variants[a], dance.variants[b]);
      dance.spread += distance;
      dance.closest = pairs == 0 ? distance : std::min(dance.closest, distance);
    }
  }
  dance.spread /= static_cast<double>(std::max<std::int64_t>(pairs, 1));
}

std::vector<double> joint_speeds(const skeleton::Motion& motion) {
  std::vector<double> speeds;
  for (std::int64_t f = 1; f < motion.frames(); ++f) {
    double sum = 0.0;
    int seen = 0;
    for (int v = 0; v < skeleton::kJoints; ++v) {
      const double step = std::hypot(motion.x(f, v) - motion.x(f - 1, v), motion.y(f, v) - motion.y(f - 1, v));
      if (std::isfinite(step)) {
        sum += step;
        ++seen;
      }
    }
    speeds.push_back(seen > 0 ? sum / seen : 0.0);
  }
  return speeds;
}

Dance generate_motion(const MotionModel& model, const media::Audio& audio, const LongSongOptions& options) {
  STG_CHECK(audio.rate == data::kSampleRate, "[generate_motion] audio must be at {} Hz, got {}", data::kSampleRate,
            audio.rate);
  if (audio.samples.empty()) {
    throw DataError("no music came in: nothing to dance to");
  }
  PoseBlock poses(static_cast<std::size_t>(options.variants));
  std::vector<std::int64_t> seams;
  if (options.whole_song) {
    poses = whole_song(model, audio, options);
  } else {
    MotionStream stream(model, options);
    const std::span<const float> all(audio.samples);
    util::Progress progress("dance", frames_of(std::ssize(all)), "frame");
    for (std::size_t at = 0; at < all.size(); at += kPiece) {
      if (util::stop_requested()) {
        throw StoppedError("stopped after {:.0f} s of the song; nothing was written, run the same command again",
                           static_cast<double>(at) / data::kSampleRate);
      }
      append(poses, stream.push(all.subspan(at, std::min(kPiece, all.size() - at))));
      progress.update(frames_of(static_cast<std::int64_t>(std::min(at + kPiece, all.size()))));
    }
    append(poses, stream.finish());
    progress.finish();
    seams = stream.seams();
  }
  Dance dance;
  for (const auto& variant : poses) {
    dance.variants.push_back(to_motion(variant));
  }
  dance.seam_ratio = seam_ratio(dance.variants.front(), seams);
  measure_spread(dance);
  return dance;
}

}  // namespace stgmamba::infer
