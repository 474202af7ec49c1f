// SPDX-License-Identifier: MIT
#include "data/song_warp.hpp"

#include <algorithm>

#include "stgmamba/data/batch.hpp"
#include "stgmamba/music/beat.hpp"
#include "stgmamba/skeleton/beat_warp.hpp"
#include "stgmamba/util/check.hpp"

namespace stgmamba::data {

namespace {

/// Beats as seconds from the first.
std::vector<double> from_zero(const std::vector<double>& beats) {
  std::vector<double> moved;
  for (const double beat : beats) {
    moved.push_back(beat - beats.front());
  }
  return moved;
}

metrics::BeatScore score(const skeleton::Motion& motion, const std::vector<double>& beats) {
  return metrics::beat_consistency(skeleton::resample(motion, kFps), from_zero(beats));
}

/// The gaps [first, last) between beats as a piece, or a count of what is too short for one.
void add_piece(WarpedTake& take, const skeleton::Motion& motion, const std::vector<double>& own,
               const std::vector<double>& danced, std::ptrdiff_t first, std::ptrdiff_t last) {
  if (first == last) {
    return;  // nothing between two refused gaps
  }
  const std::vector<double> from(own.begin() + first, own.begin() + last + 1);
  const std::vector<double> to(danced.begin() + first, danced.begin() + last + 1);
  if (to.back() - to.front() < kShortestPiece) {
    ++take.too_short;
    return;
  }
  WarpedTake::Piece piece = {skeleton::warp_to_beats(motion, from, to, motion.fps), from.front(), to};
  take.warped += score(piece.motion, to);
  take.even +=
      score(skeleton::warp_to_beats(motion, {from.front(), from.back()}, {to.front(), to.back()}, motion.fps), to);
  take.pieces.push_back(std::move(piece));
}

}  // namespace

std::vector<double> danced_beats(const media::Audio& song, const WarpOptions& warp) {
  std::vector<double> all;
  if (warp.first_beat) {
    STG_CHECK(warp.song_bpm > 0, "[danced_beats] a first beat needs a tempo, got {} beats a minute", warp.song_bpm);
    const double period = 60.0 / warp.song_bpm;
    for (int k = 0; *warp.first_beat + k * period < song.seconds(); ++k) {
      all.push_back(*warp.first_beat + k * period);
    }
  } else {
    music::BeatOptions options;
    options.bpm = warp.song_bpm;
    all = music::find_beats(song, options).times;
  }
  std::vector<double> danced;
  for (std::size_t k = 0; k < all.size(); k += static_cast<std::size_t>(warp.every)) {
    danced.push_back(all[k]);
  }
  return danced;
}

double tempo_of(const std::vector<double>& beats) {
  STG_CHECK(beats.size() >= 2, "[tempo_of] needs two beats, got {}", beats.size());
  std::vector<double> gaps;
  for (std::size_t k = 1; k < beats.size(); ++k) {
    gaps.push_back(beats[k] - beats[k - 1]);
  }
  const auto middle = gaps.begin() + std::ssize(gaps) / 2;
  std::nth_element(gaps.begin(), middle, gaps.end());
  return 60.0 / *middle;
}

WarpedTake warp_take(const skeleton::Motion& motion, const std::vector<double>& own, const std::vector<double>& danced,
                     double max_rate) {
  STG_CHECK(danced.size() >= own.size() && max_rate > 1,
            "[warp_take] needs a beat of the song for each of the motion's and a rate above 1, got {} for {} and {}",
            danced.size(), own.size(), max_rate);
  WarpedTake take;
  std::ptrdiff_t first = 0;
  for (std::ptrdiff_t k = 0; k + 1 < std::ssize(own); ++k) {
    const auto at = static_cast<std::size_t>(k);
    const double rate = (own[at + 1] - own[at]) / (danced[at + 1] - danced[at]);
    if (rate > max_rate || rate < 1.0 / max_rate) {
      ++take.refused;
      add_piece(take, motion, own, danced, first, k);
      first = k + 1;
    }
  }
  add_piece(take, motion, own, danced, first, std::max<std::ptrdiff_t>(first, std::ssize(own) - 1));
  return take;
}

}  // namespace stgmamba::data
