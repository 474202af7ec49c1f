// SPDX-License-Identifier: MIT
// Music of any length to motion. One rule for whole files and for streams, so that both give the same bits:
//
//   window k hears frames [25 k, 25 k + 50), 5 s, the length a model is trained on, and is asked alone;
//   it gives the middle of them, [25 k + 12, 25 k + 37), so that every frame is heard with 1.2 s of music on each side;
//   the first window also gives the song's first frames, the last one its last;
//   neighbours are cross-faded over the 5 frames around their border;
//   a model that lays every window about the same place goes on from where the window before ended, and half of that
//   shift is gone a hop later, so that a dancer who travels does not walk away for good: a steady walk of w a hop ends
//   within 3 w of the place.
//
// A model that hears features (model.music.features) gets those of its window; beats are looked for in the 25 s before
// the window and in it.
//
// z is a function of (seed, phrase); a phrase is a few windows long, so that a dance keeps its character that long.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "stgmamba/infer/motion_model.hpp"
#include "stgmamba/media/audio.hpp"
#include "stgmamba/skeleton/motion.hpp"

namespace stgmamba::infer {

inline constexpr std::int64_t kWindowFrames = 50;  // 5 s
inline constexpr std::int64_t kHopFrames = 25;     // 2.5 s kept of each
inline constexpr std::int64_t kContextFrames = 12;
inline constexpr std::int64_t kFadeFrames = 5;  // 0.5 s

struct LongSongOptions {
  std::uint64_t seed = 1;
  std::int64_t variants = 1;        // dances drawn at once; they share the pass over the music
  std::int64_t phrase_windows = 4;  // windows that share z
  bool whole_song = false;          // one pass over the whole song instead of windows (offline only)
};

/// Poses that became final, for each variant: [variants][frames * V * 2], MDVS-normalised.
using PoseBlock = std::vector<std::vector<float>>;

/// Music in pieces of any size, poses out as soon as they are final. Holds at most a window of sound and of
/// poses, and 25 s of sound more for a model that hears features.
class MotionStream {
 public:
  MotionStream(const MotionModel& model, const LongSongOptions& options);
  ~MotionStream();
  MotionStream(const MotionStream&) = delete;
  MotionStream& operator=(const MotionStream&) = delete;

  PoseBlock push(std::span<const float> samples);  // mono, 16 kHz, in [-1, 1]
  PoseBlock finish();                              // the music has ended: everything that is left
  const std::vector<std::int64_t>& seams() const;  // first frame of every window's share but the first's

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct Dance {
  std::vector<skeleton::Motion> variants;  // pixels; from a model at 10 fps, ceil(seconds * 10) frames
  double seam_ratio = 0.0;                 // joint speed at the seams over the median speed; 0 without seams
  double spread = 0.0;                     // px: mean distance of a joint between two variants; 0 for one
  double closest = 0.0;                    // px: that distance between the two variants that are nearest
};

/// Under this distance (px) two variants are the same dance.
inline constexpr double kCoincide = 0.5;

/// The dance to `audio` (16 kHz). Songs shorter than a window are padded with silence. Throws DataError when empty.
Dance generate_motion(const MotionModel& model, const media::Audio& audio, const LongSongOptions& options);

/// Fills in `spread` and `closest`.
void measure_spread(Dance& dance);

/// Mean speed of the joints over each step, px per frame: [F - 1]. The first entry is from frame 0 to frame 1.
std::vector<double> joint_speeds(const skeleton::Motion& motion);

}  // namespace stgmamba::infer
