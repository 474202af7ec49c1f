// SPDX-License-Identifier: MIT
#include "stgmamba/tools/demo_dancer.hpp"

#include <algorithm>

#include "stgmamba/music/beat.hpp"
#include "stgmamba/synth/dance.hpp"
#include "stgmamba/util/log.hpp"

namespace stgmamba::tools {

std::vector<double> heard_beats(const media::Audio& audio) {
  std::vector<double> beats = music::find_beats(audio).times;
  if (beats.size() < 2) {
    util::log().warn("no beats found in the music; counting 120 a minute");
    beats.clear();
    for (double at = 0.0; at < std::max(audio.seconds(), 1.0); at += 0.5) {
      beats.push_back(at);
    }
  }
  return beats;
}

infer::Dance demo_dance(const media::Audio& audio, std::uint64_t seed, std::int64_t variants) {
  const synth::Song song = synth::song_from_beats(audio, heard_beats(audio), synth::Style::kKpop);
  infer::Dance dance;
  for (std::int64_t n = 0; n < variants; ++n) {
    dance.variants.push_back(synth::make_dance(song, seed * 1000 + static_cast<std::uint64_t>(n)).motion);
  }
  infer::measure_spread(dance);
  return dance;
}

}  // namespace stgmamba::tools
